//! Who is who, and who may do what. Proofs, tokens and salted passwords are passed over.

use crate::queue::kafka::layout::{
    BYTES, ERROR, I8, I32, I64, Layout, MESSAGE, NAME, REST, TEXT, TEXTS, Word, array,
};

pub(in crate::queue::kafka) const HANDSHAKE: Layout = &[TEXT.is(Word::Mechanism)];

pub(in crate::queue::kafka) const SHAKEN: Layout = &[ERROR, TEXTS];

pub(in crate::queue::kafka) const AUTHENTICATE: Layout = &[BYTES.is(Word::Token)];

pub(in crate::queue::kafka) const AUTHENTICATED: Layout =
    &[ERROR, MESSAGE, BYTES.is(Word::Token), I64.since(1)];

pub(in crate::queue::kafka) const DESCRIBE_ACLS: Layout = &[I8, NAME, I8.since(1), NAME, TEXT, I8, I8];

pub(in crate::queue::kafka) const CREATE_ACLS: Layout =
    &[array(&[I8, NAME, I8.since(1), NAME, TEXT, I8, I8])];

pub(in crate::queue::kafka) const CREATED_ACLS: Layout = &[I32, array(&[ERROR, MESSAGE])];

pub(in crate::queue::kafka) const DELETE_ACLS: Layout =
    &[array(&[I8, NAME, I8.since(1), NAME, TEXT, I8, I8])];

pub(in crate::queue::kafka) const DELETED_ACLS: Layout =
    &[I32, array(&[ERROR, MESSAGE, array(&[ERROR, MESSAGE, I8, TEXT, I8.since(1), TEXT, TEXT, I8, I8])])];

pub(in crate::queue::kafka) const CREATE_TOKEN: Layout = &[NAME.since(3), NAME.since(3), REST];

pub(in crate::queue::kafka) const TOKEN: Layout = &[BYTES, I64];

pub(in crate::queue::kafka) const DESCRIBE_TOKENS: Layout = &[array(&[TEXT, NAME])];

pub(in crate::queue::kafka) const DESCRIBE_SCRAM: Layout = &[array(&[NAME])];

pub(in crate::queue::kafka) const DESCRIBED_SCRAM: Layout =
    &[I32, ERROR, MESSAGE, array(&[TEXT, ERROR, MESSAGE, array(&[I8, I32])])];

pub(in crate::queue::kafka) const ALTER_SCRAM: Layout =
    &[array(&[NAME, I8]), array(&[NAME, I8, I32, BYTES, BYTES])];

pub(in crate::queue::kafka) const ALTERED_SCRAM: Layout = &[I32, array(&[TEXT, ERROR, MESSAGE])];
