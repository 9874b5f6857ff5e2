//! Opening records: keys from secrets (RFC 5246, section 6.3; RFC 8446, section 7.3), then the AEAD.

use ring::aead::{Aad, LessSafeKey, Nonce, UnboundKey};
use ring::{hkdf, hmac};

use crate::replay::tls::suite::{Cipher, Digest, Suite};

/// A record's header: type, version, length.
pub(super) const HEADER: usize = 5;
const TAG: usize = 16;
/// The part of a nonce that a record of TLS 1.2 with GCM carries.
const EXPLICIT: usize = 8;

/// What a record was sealed around.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Clear<'a> {
    pub(super) kind: u8,
    pub(super) bytes: &'a [u8],
}

/// Opens the records of one direction, in order.
#[derive(Debug)]
pub(super) struct Opener {
    key: LessSafeKey,
    iv: [u8; 12],
    form: Form,
    /// The number of the next record.
    sequence: u64,
}

/// How a record's nonce and type are carried.
#[derive(Debug)]
enum Form {
    /// TLS 1.2 with GCM: eight bytes of the nonce stand before the ciphertext.
    Explicit,
    /// TLS 1.2 with ChaCha20-Poly1305: the nonce is the sequence number's.
    Implicit,
    /// TLS 1.3: likewise, and the type is sealed. The secret is kept, for the next one is made of it.
    Hidden { suite: Suite, secret: Vec<u8> },
}

impl Opener {
    /// For a traffic secret of TLS 1.3.
    pub(super) fn of_secret(suite: Suite, secret: &[u8]) -> Option<Opener> {
        let mut key = [0; 32];
        let key = key.get_mut(..suite.cipher.algorithm().key_len())?;
        let mut iv = [0; 12];
        expand(suite.digest, secret, b"key", key)?;
        expand(suite.digest, secret, b"iv", &mut iv)?;
        Opener::new(suite.cipher, key, iv, Form::Hidden { suite, secret: secret.to_vec() })
    }

    /// For both directions of TLS 1.2, by its master secret: the client's, then the server's.
    pub(super) fn of_master(suite: Suite, master: &[u8], randoms: (&[u8], &[u8])) -> Option<[Opener; 2]> {
        let length = suite.cipher.algorithm().key_len();
        let (fixed, form): (usize, fn() -> Form) = match suite.cipher {
            Cipher::ChaCha20 => (12, || Form::Implicit),
            Cipher::Aes128Gcm | Cipher::Aes256Gcm => (4, || Form::Explicit),
        };
        let seed = [b"key expansion", randoms.1, randoms.0].concat();
        let block = prf(suite.digest, master, &seed, 2 * (length + fixed));
        let (keys, ivs) = block.split_at_checked(2 * length)?;
        let opener = |side: usize| {
            let mut iv = [0; 12];
            iv.get_mut(..fixed)?.copy_from_slice(ivs.get(side * fixed..(side + 1) * fixed)?);
            Opener::new(suite.cipher, keys.get(side * length..(side + 1) * length)?, iv, form())
        };
        Some([opener(0)?, opener(1)?])
    }

    fn new(cipher: Cipher, key: &[u8], iv: [u8; 12], form: Form) -> Option<Opener> {
        let key = LessSafeKey::new(UnboundKey::new(cipher.algorithm(), key).ok()?);
        Some(Opener { key, iv, form, sequence: 0 })
    }

    /// The opener after a KeyUpdate; `None` before TLS 1.3.
    pub(super) fn updated(&self) -> Option<Opener> {
        let Form::Hidden { suite, secret } = &self.form else { return None };
        let mut next = vec![0; secret.len()];
        expand(suite.digest, secret, b"traffic upd", &mut next)?;
        Opener::of_secret(*suite, &next)
    }

    /// How many bytes of content a sealed body of `length` bytes holds, at most.
    pub(super) fn content(&self, length: usize) -> usize {
        let overhead = match self.form {
            Form::Explicit => EXPLICIT + TAG,
            Form::Implicit => TAG,
            Form::Hidden { .. } => TAG + 1,
        };
        length.saturating_sub(overhead)
    }

    /// Passes over a record that nobody can open.
    pub(super) fn skip(&mut self) {
        self.sequence = self.sequence.wrapping_add(1);
    }

    /// Opens the next record, or one of the `reach` after it when some were lost; `work` is overwritten.
    pub(super) fn open<'a>(&mut self, record: &[u8], reach: u64, work: &'a mut Vec<u8>) -> Option<Clear<'a>> {
        let first = self.sequence;
        let tried = (0..=reach).map(|ahead| first.wrapping_add(ahead));
        let (sequence, length) =
            tried.into_iter().find_map(|at| Some((at, self.try_open(record, at, work)?)))?;
        self.sequence = sequence.wrapping_add(1);
        let bytes = work.get(..length)?;
        match self.form {
            Form::Explicit | Form::Implicit => Some(Clear { kind: *record.first()?, bytes }),
            Form::Hidden { .. } => {
                let last = bytes.iter().rposition(|byte| *byte != 0)?;
                Some(Clear { kind: *bytes.get(last)?, bytes: bytes.get(..last)? })
            }
        }
    }

    /// Leaves the content at the front of `work`; its length.
    fn try_open(&self, record: &[u8], sequence: u64, work: &mut Vec<u8>) -> Option<usize> {
        let (header, body) = record.split_at_checked(HEADER)?;
        let (nonce, body) = match self.form {
            Form::Explicit => {
                let (explicit, body) = body.split_at_checked(EXPLICIT)?;
                let mut nonce = self.iv;
                nonce.get_mut(4..)?.copy_from_slice(explicit);
                (nonce, body)
            }
            Form::Implicit | Form::Hidden { .. } => (self.nonce(sequence), body),
        };
        work.clear();
        work.extend_from_slice(body);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let opened = match self.form {
            Form::Hidden { .. } => self.key.open_in_place(nonce, Aad::from(header), work),
            Form::Explicit | Form::Implicit => {
                let length = u16::try_from(body.len().checked_sub(TAG)?).ok()?.to_be_bytes();
                let mut aad = [0; 13];
                aad.get_mut(..8)?.copy_from_slice(&sequence.to_be_bytes());
                aad.get_mut(8..11)?.copy_from_slice(header.get(..3)?);
                aad.get_mut(11..)?.copy_from_slice(&length);
                self.key.open_in_place(nonce, Aad::from(aad), work)
            }
        };
        opened.ok().map(|content| content.len())
    }

    fn nonce(&self, sequence: u64) -> [u8; 12] {
        let mut nonce = self.iv;
        for (byte, number) in nonce.iter_mut().skip(4).zip(sequence.to_be_bytes()) {
            *byte ^= number;
        }
        nonce
    }
}

/// HKDF-Expand-Label with an empty context (RFC 8446, section 7.1).
fn expand(digest: Digest, secret: &[u8], label: &[u8], out: &mut [u8]) -> Option<()> {
    let algorithm = match digest {
        Digest::Sha256 => hkdf::HKDF_SHA256,
        Digest::Sha384 => hkdf::HKDF_SHA384,
    };
    let length = u16::try_from(out.len()).ok()?.to_be_bytes();
    let label_length = [u8::try_from(label.len() + 6).ok()?];
    let info = [&length[..], &label_length, b"tls13 ", label, &[0]];
    let prk = hkdf::Prk::new_less_safe(algorithm, secret);
    prk.expand(&info, Length(out.len())).ok()?.fill(out).ok()
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// TLS 1.2's pseudo-random function (RFC 5246, section 5); `seed` includes its label.
fn prf(digest: Digest, secret: &[u8], seed: &[u8], length: usize) -> Vec<u8> {
    let algorithm = match digest {
        Digest::Sha256 => hmac::HMAC_SHA256,
        Digest::Sha384 => hmac::HMAC_SHA384,
    };
    let key = hmac::Key::new(algorithm, secret);
    let mut out = Vec::with_capacity(length + 64);
    let mut step = hmac::sign(&key, seed);
    while out.len() < length {
        out.extend_from_slice(hmac::sign(&key, &[step.as_ref(), seed].concat()).as_ref());
        step = hmac::sign(&key, step.as_ref());
    }
    out.truncate(length);
    out
}
