// The OpenAPI document as a page; nothing is asked of another host.
"use strict";
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  docExpansion: "list",
  persistAuthorization: false,
  validatorUrl: null,
  syntaxHighlight: { activated: false },
});
