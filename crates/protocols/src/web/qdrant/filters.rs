//! Qdrant's filters over gRPC, in the words that its REST API has for them.

use crate::web::grpc::schema::{Field, Is, Message};
use Is::{Bool, Bytes, Double, Number, Text, Unsigned};

/// What points have to be like.
pub(super) static FILTER: Message = Message::of(&[
    Field::many(1, "should", Is::Message(&CONDITION)),
    Field::many(2, "must", Is::Message(&CONDITION)),
    Field::many(3, "must_not", Is::Message(&CONDITION)),
    Field::one(4, "min_should", Is::Message(&MIN_SHOULD)),
]);

static MIN_SHOULD: Message = Message::of(&[
    Field::many(1, "conditions", Is::Message(&CONDITION)),
    Field::one(2, "min_count", Unsigned),
]);

static CONDITION: Message = Message::bare(
    "null",
    &[
        Field::one(1, "field", Is::Message(&FIELD)),
        Field::one(2, "is_empty", Is::Message(&IS_EMPTY)),
        Field::one(3, "has_id", Is::Message(&HAS_ID)),
        Field::one(4, "filter", Is::Message(&FILTER)),
        Field::one(5, "is_null", Is::Message(&IS_NULL)),
        Field::one(6, "nested", Is::Message(&NESTED)),
        Field::one(7, "has_vector", Is::Message(&HAS_VECTOR)),
    ],
);

static FIELD: Message = Message::of(&[
    Field::one(1, "key", Text),
    Field::one(2, "match", Is::Message(&MATCH)),
    Field::one(3, "range", Is::Message(&RANGE)),
    Field::one(4, "geo_bounding_box", Bytes),
    Field::one(5, "geo_radius", Bytes),
    Field::one(6, "values_count", Is::Message(&COUNTS)),
    Field::one(7, "geo_polygon", Bytes),
    Field::one(9, "is_empty", Bool),
    Field::one(10, "is_null", Bool),
]);

static MATCH: Message = Message::of(&[
    Field::one(1, "value", Text),
    Field::one(2, "value", Number),
    Field::one(3, "value", Bool),
    Field::one(4, "text", Text),
    Field::one(5, "any", Is::Message(&TEXTS)),
    Field::one(6, "any", Is::Message(&NUMBERS)),
    Field::one(7, "except", Is::Message(&NUMBERS)),
    Field::one(8, "except", Is::Message(&TEXTS)),
    Field::one(9, "phrase", Text),
    Field::one(10, "text_any", Text),
]);

static TEXTS: Message = Message::bare("[]", &[Field::many(1, "strings", Text)]);

static NUMBERS: Message = Message::bare("[]", &[Field::many(1, "integers", Number)]);

static RANGE: Message = Message::of(&[
    Field::one(1, "lt", Double),
    Field::one(2, "gt", Double),
    Field::one(3, "gte", Double),
    Field::one(4, "lte", Double),
]);

static COUNTS: Message = Message::of(&[
    Field::one(1, "lt", Unsigned),
    Field::one(2, "gt", Unsigned),
    Field::one(3, "gte", Unsigned),
    Field::one(4, "lte", Unsigned),
]);

static IS_EMPTY: Message = Message::of(&[Field::one(1, "is_empty", Text)]);

static IS_NULL: Message = Message::of(&[Field::one(1, "is_null", Text)]);

static HAS_ID: Message = Message::of(&[Field::many(1, "has_id", Is::Message(&super::messages::POINT_ID))]);

static HAS_VECTOR: Message = Message::of(&[Field::one(1, "has_vector", Text)]);

static NESTED: Message =
    Message::of(&[Field::one(1, "key", Text), Field::one(2, "filter", Is::Message(&FILTER))]);
