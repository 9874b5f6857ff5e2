//! What to hook in one library or executable, found from its bytes alone.

use std::fmt;

use serde::Serialize;

/// Where the functions of one TLS library stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Whose functions they are.
    pub code: Stack,
    /// Which library it is, in words for people: `OpenSSL 3.0.16`.
    pub stack: String,
    /// The build id in hexadecimal, empty when the file has none.
    pub build_id: String,
    /// How the functions were found.
    pub found: Found,
    /// The functions to hook.
    pub functions: Vec<Function>,
}

/// How the functions of a library were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// By decoding the exported functions down to the one internal call they share.
    Internals,
    /// The exported functions themselves, for this reason.
    Exports(Fallback),
    /// By the tables in which the library's own code finds them: NSS.
    Tables,
    /// By the names of functions that are no interface, in a version whose arguments are known: rustls.
    Symbols,
    /// By the table that a Go program carries, at the begin and at every return.
    Returns,
    /// Without names, by what their code does: on trial until what they move fits what passes on the socket.
    Located,
}

/// Why the exported functions are hooked and not the internal ones below them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fallback {
    /// Decoding is done on x86-64 only.
    Architecture,
    /// One of `SSL_read`, `SSL_read_ex`, `SSL_write`, `SSL_write_ex` is not there: BoringSSL, old LibreSSL.
    OneForm,
    /// An exported function is too long to only pass its arguments on: the compiler put the internal one into it.
    Inlined,
    /// The two forms call nothing in common inside the library's code: LibreSSL.
    NothingShared,
    /// Reading and writing lead to the same place, which is then neither.
    SamePlace,
    /// What they call does not begin like a function.
    Implausible,
    /// There is one function for each way, with nothing below it that would be cheaper: GnuTLS.
    Single,
    /// The symbol table says otherwise: another place for an internal function, or other arguments.
    Contradicted,
}

impl fmt::Display for Fallback {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Fallback::Architecture => "internal functions are decoded on x86-64 only",
            Fallback::OneForm => "it has only one form of read or write",
            Fallback::Inlined => "its internal functions are compiled into the exported ones",
            Fallback::NothingShared => "its two forms of read or write share no internal function",
            Fallback::SamePlace => "its read and write lead to the same function",
            Fallback::Implausible => "what its read or write call does not begin like a function",
            Fallback::Single => "it exports one function for each way",
            Fallback::Contradicted => "its symbol table contradicts what was decoded",
        })
    }
}

/// One function to hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Function {
    /// What it does.
    pub purpose: Purpose,
    /// Its position in the file, which is what the kernel's uprobes take.
    pub offset: u64,
    /// What a hook on its first instruction costs.
    pub entry: Entry,
}

/// How the kernel runs the instruction that a hook replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// The kernel does its work itself (`push`, `nop`, a relative `jmp` or `call`): under a microsecond a hit.
    Emulated,
    /// It is run out of line with one more trap: several times dearer.
    Stepped,
    /// Not decoded on this architecture.
    Unknown,
}

/// What a hooked function does. The names are OpenSSL's; other libraries' functions are mapped to the same purposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// `(ssl, buf, num) -> written or <= 0`
    Write,
    /// `(ssl, buf, num) -> read or <= 0`
    Read,
    /// `(ssl, buf, num, *written) -> 1 or <= 0`; `ssl_write_internal` until OpenSSL 3.2 and `SSL_write_ex` are alike
    WriteEx,
    /// `(ssl, buf, num, flags, *written) -> 1 or <= 0`; `ssl_write_internal` since OpenSSL 3.3 and `SSL_write_ex2`
    WriteFlags,
    /// `(ssl, buf, num, *readbytes) -> 1 or <= 0`; `ssl_read_internal` and `SSL_read_ex` are alike
    ReadEx,
    /// `(ssl, buf, num, *written) -> 1 or 0`, by the functions above, and sends what they leave in a buffer
    WriteEarly,
    /// `(ssl, buf, num, *readbytes) -> 1, 2 at the end, or 0`, by the functions above
    ReadEarly,
    /// `(session, flags)`: writes, by the functions above, what was written and held back
    Flush,
    /// `(ssl, buf, num, flags) -> read or <= 0`; a flag looks ahead and takes nothing
    ReadFlags,
    /// `(ssl) -> 1 or <= 0`
    Handshake,
    /// `(ssl, fd)`
    SetFd,
    /// `(ssl)`
    Free,
    /// `(session, &chunks, ..) -> written`
    RustlsWrite,
    /// `(session, &payload)`
    RustlsReceived,
    /// The begin of `(conn, buf, len) -> written`, in Go's registers. The number is how far behind that place
    /// `net.(*TCPConn).Write` stands, by which the kernel side knows what is below; 0 where there is none.
    GoWrite(i32),
    /// The begin of `(conn, buf, len) -> read`, likewise.
    GoRead(i32),
    /// A place at which the one that writes returns.
    GoWritten,
    /// A place at which the one that reads returns.
    GoHasRead,
    /// `(conn)`, in Go's registers.
    GoClose,
}

/// A TLS implementation that was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stack {
    /// OpenSSL, LibreSSL, or another library with the same functions.
    OpenSsl,
    /// BoringSSL or one of its forks.
    BoringSsl,
    /// GnuTLS.
    GnuTls,
    /// Mozilla's NSS.
    Nss,
    /// Go's own `crypto/tls`.
    Go,
    /// Rust's rustls.
    Rustls,
    /// Mbed TLS.
    MbedTls,
    /// wolfSSL.
    WolfSsl,
    /// Amazon's s2n-tls.
    S2n,
    /// The Java virtual machine, whose TLS is Java code.
    Java,
}

impl fmt::Display for Stack {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Stack::OpenSsl => "OpenSSL",
            Stack::BoringSsl => "BoringSSL",
            Stack::GnuTls => "GnuTLS",
            Stack::Nss => "NSS",
            Stack::Go => "Go crypto/tls",
            Stack::Rustls => "rustls",
            Stack::MbedTls => "Mbed TLS",
            Stack::WolfSsl => "wolfSSL",
            Stack::S2n => "s2n-tls",
            Stack::Java => "Java",
        })
    }
}

/// Why a recognised TLS implementation stays dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Its functions are known, but this version does not hook them yet.
    NotYet,
    /// It is Java's, and of it tells only an agent that a user loads.
    NoAgent,
    /// Its code is there, its functions' names are not.
    Stripped,
    /// It is built for a processor whose calls are not understood here (32-bit programs too).
    Machine,
    /// The compiler put one of its functions into those that call it.
    Inlined,
    /// Its functions are there, but not known in this version.
    Version,
    /// Its functions take their arguments on the stack, as Go's did until 1.16.
    StackAbi,
    /// Its code or its tables are not as they are known to be.
    Unclear,
    /// The file could not be opened from here.
    Unreachable,
    /// The kernel refused the hook.
    Refused,
    /// It was hooked, and what its functions answered or moved was not what they seemed to do.
    Contradicted,
    /// More libraries than [`crate::libraries::watch::FILES`] are mapped on this host.
    TooMany,
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Refusal::NotYet => "recognised, but this version does not hook it",
            Refusal::NoAgent => "the agent is not loaded",
            Refusal::Stripped => "its function names are stripped",
            Refusal::Machine => "built for a processor or word size that is not hooked here",
            Refusal::Inlined => "a function of it was compiled into others",
            Refusal::Version => "the functions of this version are not known",
            Refusal::StackAbi => {
                "built by Go 1.16 or older, whose functions take their arguments on the stack"
            }
            Refusal::Unclear => "its code is not as it is known to be",
            Refusal::Unreachable => "its file cannot be opened from here",
            Refusal::Refused => "the kernel refused the hook",
            Refusal::Contradicted => "its functions are not where they seemed to be",
            Refusal::TooMany => "too many different files are mapped on this host",
        })
    }
}
