//! What to hook in one library or executable, found from its bytes alone.

/// Where the functions of one TLS library stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// By decoding the exported functions down to the one internal call they share.
    Internals,
    /// The exported functions themselves, because the internals could not be told apart.
    Exports,
}

/// One function to hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// What it does.
    pub purpose: Purpose,
    /// Its position in the file, which is what the kernel's uprobes take.
    pub offset: u64,
}

/// What a hooked function does. The names are OpenSSL's; other libraries' functions are mapped to the same purposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// `(ssl, buf, num) -> written or <= 0`
    Write,
    /// `(ssl, buf, num) -> read or <= 0`
    Read,
    /// `(ssl, buf, num, *written) -> 1 or <= 0`; `ssl_write_internal` and `SSL_write_ex` are alike
    WriteEx,
    /// `(ssl, buf, num, *readbytes) -> 1 or <= 0`; `ssl_read_internal` and `SSL_read_ex` are alike
    ReadEx,
    /// `(ssl) -> 1 or <= 0`
    Handshake,
    /// `(ssl, fd)`
    SetFd,
    /// `(ssl)`
    Free,
}
