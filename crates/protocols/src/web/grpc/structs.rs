//! Documents of any shape inside of messages (`google.protobuf.Struct`): <https://protobuf.dev/reference/protobuf/google.protobuf>.

use crate::web::grpc::schema::{Field, Is, Message};

/// An object.
pub(in crate::web) static STRUCT: Message =
    Message::bare("{}", &[Field::many(1, "fields", Is::Message(&ENTRY))]);

static ENTRY: Message =
    Message::entry(&[Field::one(1, "key", Is::Text), Field::one(2, "value", Is::Message(&VALUE))]);

static VALUE: Message = Message::bare(
    "null",
    &[
        Field::one(1, "null_value", Is::Noise),
        Field::one(2, "number_value", Is::Double),
        Field::one(3, "string_value", Is::Text),
        Field::one(4, "bool_value", Is::Bool),
        Field::one(5, "struct_value", Is::Message(&STRUCT)),
        Field::one(6, "list_value", Is::Message(&LIST)),
    ],
);

static LIST: Message = Message::bare("[]", &[Field::many(1, "values", Is::Message(&VALUE))]);
