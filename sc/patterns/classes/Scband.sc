// What the band's code needs of the class library; everything else lives in ~scband.

// A message that was understood and refused: code is one word, what says why.
ScbandRefusal : Error {
	var <>code;
	*new { |code, what| ^super.new(what).code_(code) }
	errorString { ^what }
}

// The one place that sees every uncaught error: OSCdef, Routine, Pdef stream.
// (mainThread.exceptionHandler does not last: it is cleared after every call.)
ScbandFault {
	classvar <>onError;
}
