//! Cipher suites: what each number means for the reader of its records.

use ring::aead;

/// The ciphers whose records can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cipher {
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20,
}

impl Cipher {
    /// The algorithm.
    pub(super) fn algorithm(self) -> &'static aead::Algorithm {
        match self {
            Cipher::Aes128Gcm => &aead::AES_128_GCM,
            Cipher::Aes256Gcm => &aead::AES_256_GCM,
            Cipher::ChaCha20 => &aead::CHACHA20_POLY1305,
        }
    }
}

/// The hash of a suite's key schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digest {
    Sha256,
    Sha384,
}

/// What a suite's number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Suite {
    pub(super) cipher: Cipher,
    pub(super) digest: Digest,
}

const AES_128: Suite = Suite { cipher: Cipher::Aes128Gcm, digest: Digest::Sha256 };
const AES_256: Suite = Suite { cipher: Cipher::Aes256Gcm, digest: Digest::Sha384 };
const CHACHA: Suite = Suite { cipher: Cipher::ChaCha20, digest: Digest::Sha256 };

/// The AEAD suites of TLS 1.3 (RFC 8446, B.4) and 1.2 (RFC 5288, 5289, 5487, 7905), by number.
const SUITES: &[(&[u16], Suite)] = &[
    (
        &[
            0x1301, 0x009c, 0x009e, 0x00a0, 0x00a2, 0x00a4, 0x00a8, 0x00aa, 0x00ac, 0xc02b, 0xc02d, 0xc02f,
            0xc031, 0xd001,
        ],
        AES_128,
    ),
    (
        &[
            0x1302, 0x009d, 0x009f, 0x00a1, 0x00a3, 0x00a5, 0x00a9, 0x00ab, 0x00ad, 0xc02c, 0xc02e, 0xc030,
            0xc032, 0xd002,
        ],
        AES_256,
    ),
    (&[0x1303, 0xcca8, 0xcca9, 0xccaa, 0xccab, 0xccac, 0xccad, 0xccae], CHACHA),
];

impl Suite {
    /// The suite of a number; `None` for one whose records cannot be opened here.
    pub(super) fn of(number: u16) -> Option<Suite> {
        SUITES.iter().find(|(numbers, _)| numbers.contains(&number)).map(|(_, suite)| *suite)
    }

    /// The suites that early data may be sealed with, by the length of their secret: it comes before the answer
    /// that names the suite.
    pub(super) fn of_early(secret: &[u8]) -> &'static [Suite] {
        if secret.len() > 32 { &[AES_256] } else { &[AES_128, CHACHA] }
    }
}
