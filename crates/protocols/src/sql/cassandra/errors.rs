//! What errors are called (native_protocol_v5.spec 8).

/// The codes of the specification; `0x1300` and the like are of others.
const ERRORS: [(u32, &str); 20] = [
    (0x0000, "ServerError"),
    (0x000a, "ProtocolError"),
    (0x0100, "AuthenticationError"),
    (0x1000, "Unavailable"),
    (0x1001, "Overloaded"),
    (0x1002, "IsBootstrapping"),
    (0x1003, "TruncateError"),
    (0x1100, "WriteTimeout"),
    (0x1200, "ReadTimeout"),
    (0x1300, "ReadFailure"),
    (0x1400, "FunctionFailure"),
    (0x1500, "WriteFailure"),
    (0x1600, "CDCWriteFailure"),
    (0x1700, "CASWriteUnknown"),
    (0x2000, "SyntaxError"),
    (0x2100, "Unauthorized"),
    (0x2200, "Invalid"),
    (0x2300, "ConfigError"),
    (0x2400, "AlreadyExists"),
    (UNPREPARED, "Unprepared"),
];

/// The error of an id that the server does not know.
pub(super) const UNPREPARED: u32 = 0x2500;

/// What an error is called, if the specification has it.
pub(super) fn name(code: u32) -> Option<&'static str> {
    ERRORS.iter().find(|(number, _)| *number == code).map(|(_, name)| *name)
}
