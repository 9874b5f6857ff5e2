//! Libraries whose functions have names of their own: which are hooked, and what they do.

use crate::libraries::plan::{Purpose, Stack};

/// A library that is known by two functions, which write and read.
pub(crate) struct Named {
    /// Whose functions they are.
    pub(crate) code: Stack,
    /// What is hooked; the first two tell the library.
    pub(crate) functions: &'static [(&'static str, Purpose)],
    /// What stands before the version among its constants; none where it stands in another library.
    pub(crate) version: Option<&'static str>,
}

/// All that are known, beside OpenSSL.
pub(crate) const NAMED: [Named; 3] = [
    // `gnutls_record_send` only passes on to `gnutls_record_send2`, where there is one (3.6.3).
    Named {
        code: Stack::GnuTls,
        functions: &[
            ("gnutls_record_send", Purpose::Write),
            ("gnutls_record_recv", Purpose::Read),
            ("gnutls_record_send2", Purpose::Write),
            ("gnutls_record_uncork", Purpose::Flush),
            ("gnutls_record_recv_seq", Purpose::Read),
            ("gnutls_record_recv_early_data", Purpose::Read),
            ("gnutls_handshake", Purpose::Handshake),
            ("gnutls_transport_set_int2", Purpose::SetFd),
            ("gnutls_deinit", Purpose::Free),
        ],
        version: None,
    },
    Named {
        code: Stack::MbedTls,
        functions: &[
            ("mbedtls_ssl_write", Purpose::Write),
            ("mbedtls_ssl_read", Purpose::Read),
            ("mbedtls_ssl_write_early_data", Purpose::Write),
            ("mbedtls_ssl_read_early_data", Purpose::Read),
            ("mbedtls_ssl_handshake", Purpose::Handshake),
            ("mbedtls_ssl_session_reset", Purpose::Free),
            ("mbedtls_ssl_free", Purpose::Free),
        ],
        version: None,
    },
    // `wolfSSL_send`, `wolfSSL_recv` and `wolfSSL_writev` call the two above.
    Named {
        code: Stack::WolfSsl,
        functions: &[
            ("wolfSSL_write", Purpose::Write),
            ("wolfSSL_read", Purpose::Read),
            ("wolfSSL_write_early_data", Purpose::Write),
            ("wolfSSL_read_early_data", Purpose::Read),
            ("wolfSSL_connect", Purpose::Handshake),
            ("wolfSSL_accept", Purpose::Handshake),
            ("wolfSSL_negotiate", Purpose::Handshake),
            ("wolfSSL_set_read_fd", Purpose::SetFd),
            ("wolfSSL_set_write_fd", Purpose::SetFd),
            ("wolfSSL_free", Purpose::Free),
        ],
        version: Some("wolfSSL "),
    },
];
