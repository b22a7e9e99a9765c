// See Scband.sc: every uncaught error passes here.
+ Nil {
	handleError { |error|
		Error.handling = true;
		if(ScbandFault.onError.notNil) { try { ScbandFault.onError.value(error) } };
		error.reportError;
		Error.handling = false;
		this.halt;
	}
}
