//! IBM Db2, Apache Derby and all that speak the Distributed Relational Database Architecture:
//! <https://pubs.opengroup.org/onlinepubs/9699939199/toc.pdf> (DRDA) and
//! <https://pubs.opengroup.org/onlinepubs/9699939299/toc.pdf> (DDM, the commands and the data streams below it).
//!
//! | the wire says | the house hears |
//! |---|---|
//! | EXCSAT, ACCSEC and their answers | nothing; the client program, the server's version |
//! | SECCHK ... SECCHKRM | an exchange `login`; who the session is; of the proof only its kind |
//! | ACCRDB ... ACCRDBRM | an exchange `CONNECT`; how both sides write numbers and texts |
//! | EXCSQLIMM, EXCSQLSET with SQLSTT | an exchange with the statement's verb and text |
//! | PRPSQLSTT with SQLSTT | `PREPARE` with the text, which its section has from then on |
//! | EXCSQLSTT, OPNQRY with SQLDTA | an exchange with the verb and text of its section, and the parameters |
//! | EXTDTA behind SQLDTA | the long parameters |
//! | CNTQRY, CLSQRY, DSCSQLSTT | `FETCH`, `CLOSE`, `DESCRIBE`, with the section's text |
//! | RDBCMM, RDBRLLBCK | `COMMIT`, `ROLLBACK` |
//! | SQLDARD | the columns that its section's results have |
//! | QRYDSC, QRYDTA | rows: counted, the first ones kept |
//! | SQLDTARD | what a procedure gave back, as a sample |
//! | SQLCARD | rows that were changed; an error with its SQLSTATE and what it is about, `sqlcode` beside it |
//! | SQLERRRM, OPNQFLRM and their kin | the error, where no SQLCARD says more |
//!
//! Commands of one chain are asked at once, and are answered by their correlations; `cursor` is `open` where rows are left.

mod answered;
mod asked;
mod card;
mod chain;
mod codepage;
mod codes;
mod kinds;
mod login;
mod manner;
mod parameters;
mod rows;
mod session;
mod shape;
mod statements;
mod values;
mod wire;

use model::event::Joined;

use crate::kit::protocol::{Guess, Opening, Protocol, Session};

/// The protocol.
pub static DB2: &dyn Protocol = &Db2;

#[derive(Debug)]
struct Db2;

impl Protocol for Db2 {
    fn name(&self) -> &'static str {
        "db2"
    }

    fn ports(&self) -> &'static [u16] {
        &[50000, 1527, 446]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        opening.judge(chain::begins)
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::new(session::Drda::default())
    }
}
