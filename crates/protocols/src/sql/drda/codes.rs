//! Code points: what an object is, by its number (DDM, "Code points").

/// Commands.
pub(super) mod command {
    pub(in super::super) const EXCSAT: u16 = 0x1041;
    pub(in super::super) const ACCSEC: u16 = 0x106d;
    pub(in super::super) const SECCHK: u16 = 0x106e;
    pub(in super::super) const ACCRDB: u16 = 0x2001;
    pub(in super::super) const CLSQRY: u16 = 0x2005;
    pub(in super::super) const CNTQRY: u16 = 0x2006;
    pub(in super::super) const DSCSQLSTT: u16 = 0x2008;
    pub(in super::super) const EXCSQLIMM: u16 = 0x200a;
    pub(in super::super) const EXCSQLSTT: u16 = 0x200b;
    pub(in super::super) const OPNQRY: u16 = 0x200c;
    pub(in super::super) const PRPSQLSTT: u16 = 0x200d;
    /// All there are, and the words that records have for them where their statement tells none.
    pub(in super::super) const WORDS: [(u16, &str); 24] = [
        (EXCSQLSTT, "EXECUTE"),
        (OPNQRY, "EXECUTE"),
        (CNTQRY, "FETCH"),
        (CLSQRY, "CLOSE"),
        (PRPSQLSTT, "PREPARE"),
        (0x200e, "COMMIT"),
        (0x200f, "ROLLBACK"),
        (EXCSQLIMM, "EXECUTE"),
        (0x2014, "SET"),
        (DSCSQLSTT, "DESCRIBE"),
        (EXCSAT, "EXCSAT"),
        (ACCSEC, "ACCSEC"),
        (SECCHK, "login"),
        (ACCRDB, "CONNECT"),
        (0x1055, "SYNCCTL"),
        (0x106f, "SYNCRSY"),
        (0x2002, "BEGIN_BIND"),
        (0x2003, "INTERRUPT"),
        (0x2004, "BIND"),
        (0x2007, "DROP_PACKAGE"),
        (0x2009, "END_BIND"),
        (0x2010, "REBIND"),
        (0x2012, "DESCRIBE_TABLE"),
        (0x2013, "DESCRIBE_PRIVILEGES"),
    ];
}

/// What data is.
pub(super) mod data {
    pub(in super::super) const FDODSC: u16 = 0x0010;
    pub(in super::super) const TYPDEFNAM: u16 = 0x002f;
    pub(in super::super) const TYPDEFOVR: u16 = 0x0035;
    pub(in super::super) const EXTDTA: u16 = 0x146c;
    pub(in super::super) const FDODTA: u16 = 0x147a;
    pub(in super::super) const SQLCARD: u16 = 0x2408;
    pub(in super::super) const SQLDARD: u16 = 0x2411;
    pub(in super::super) const SQLDTA: u16 = 0x2412;
    pub(in super::super) const SQLDTARD: u16 = 0x2413;
    pub(in super::super) const SQLSTT: u16 = 0x2414;
    pub(in super::super) const QRYDSC: u16 = 0x241a;
    pub(in super::super) const QRYDTA: u16 = 0x241b;
    /// What else a client sends beside a command: SQLATTR, OUTOVR, SQLCINRD and their kin, types.
    pub(in super::super) const CLIENTS: [u16; 9] =
        [TYPDEFNAM, TYPDEFOVR, EXTDTA, SQLDTA, SQLSTT, 0x2415, 0x2450, 0x2419, 0x241f];
    /// What a server sends: objects, and whatever begins with the numbers of its messages.
    pub(in super::super) const SERVERS: [u16; 13] = [
        TYPDEFNAM, TYPDEFOVR, EXTDTA, SQLCARD, SQLDARD, SQLDTARD, QRYDSC, QRYDTA, 0x240b, 0x240e, 0x2419,
        0x1443, 0x14ac,
    ];
}

/// What stands in commands and messages.
pub(super) mod part {
    pub(in super::super) const PRDID: u16 = 0x112e;
    pub(in super::super) const SRVCLSNM: u16 = 0x1147;
    pub(in super::super) const SVRCOD: u16 = 0x1149;
    pub(in super::super) const SRVRLSLV: u16 = 0x115a;
    pub(in super::super) const EXTNAM: u16 = 0x115e;
    pub(in super::super) const CCSIDSBC: u16 = 0x119c;
    pub(in super::super) const CCSIDDBC: u16 = 0x119d;
    pub(in super::super) const CCSIDMBC: u16 = 0x119e;
    pub(in super::super) const USRID: u16 = 0x11a0;
    pub(in super::super) const SECMEC: u16 = 0x11a2;
    pub(in super::super) const SECCHKCD: u16 = 0x11a4;
    pub(in super::super) const PKGSN: u16 = 0x210c;
    pub(in super::super) const RDBNAM: u16 = 0x2110;
    pub(in super::super) const PKGNAMCSN: u16 = 0x2113;
}

/// Messages.
pub(super) mod message {
    pub(in super::super) const EXCSATRD: u16 = 0x1443;
    pub(in super::super) const SECCHKRM: u16 = 0x1219;
    pub(in super::super) const ACCRDBRM: u16 = 0x2201;
    pub(in super::super) const OPNQRYRM: u16 = 0x2205;
    pub(in super::super) const ENDQRYRM: u16 = 0x220b;
    pub(in super::super) const SQLERRRM: u16 = 0x2213;
    /// Those that say what went wrong, by name and in our words.
    pub(in super::super) const ERRORS: [(u16, &str, &str); 27] = [
        (0x1210, "MGRLVLRM", "the server has no such manager level"),
        (0x1218, "MGRDEPRM", "a manager that is needed is missing"),
        (SECCHKRM, "SECCHKRM", "the log-in was refused"),
        (0x121c, "CMDATHRM", "the user may not run the command"),
        (0x1232, "AGNPRMRM", "the server failed for good"),
        (0x1233, "RSCLMTRM", "the server is out of a resource"),
        (0x1245, "PRCCNVRM", "the conversation broke the protocol"),
        (0x124c, "SYNTAXRM", "the data stream has an error of syntax"),
        (0x1250, "CMDNSPRM", "the server knows no such command"),
        (0x1251, "PRMNSPRM", "the server knows no such parameter"),
        (0x1252, "VALNSPRM", "the server knows no such value"),
        (0x1253, "OBJNSPRM", "the server knows no such object"),
        (0x1254, "CMDCHKRM", "the command was ended by an error"),
        (0x2202, "QRYNOPRM", "the query is not open"),
        (0x2203, "RDBATHRM", "the user may not use the database"),
        (0x2204, "RDBNACRM", "no database is in use"),
        (0x2207, "RDBACCRM", "the database is in use already"),
        (0x220a, "DSCINVRM", "a description is invalid"),
        (0x220d, "ABNUOWRM", "the transaction was ended by an error"),
        (0x220e, "DTAMCHRM", "the data does not match its description"),
        (0x220f, "QRYPOPRM", "the query is open already"),
        (0x2211, "RDBNFNRM", "the database was not found"),
        (0x2212, "OPNQFLRM", "the query could not be opened"),
        (SQLERRRM, "SQLERRRM", "the statement failed"),
        (0x221a, "RDBAFLRM", "the database could not be used"),
        (0x221d, "CMDVLTRM", "the transaction must end before this command"),
        (0x2225, "CMMRQSRM", "the client must end the transaction first"),
    ];
    /// The numbers of all messages.
    pub(in super::super) const fn is(code: u16) -> bool {
        matches!(code, 0x1210..=0x125f | 0x2201..=0x2230)
    }
}
