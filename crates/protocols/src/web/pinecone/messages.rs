//! Pinecone's methods and their messages: <https://docs.pinecone.io/reference/api>.

use crate::web::grpc::schema::{Field, Is, Message, Method, Service};
use crate::web::grpc::structs::STRUCT;
use Is::{Bool, Float, Noise, Text, Unsigned};

/// What may be called. The names are those of the REST API.
pub(super) static SERVICES: &[Service] = &[Service {
    name: "VectorService",
    methods: &[
        Method::new("Upsert", &UPSERT, &UPSERTED),
        Method::new("Delete", &DELETE, &NOTHING),
        Method::new("Fetch", &FETCH, &FETCHED),
        Method::new("List", &LIST, &LISTED),
        Method::new("Query", &QUERY, &FOUND),
        Method::new("Update", &UPDATE, &NOTHING),
        Method::new("DescribeIndexStats", &STATS, &STATISTICS),
    ],
}];

static NOTHING: Message = Message::of(&[]);

static SPARSE: Message = Message::of(&[Field::many(1, "indices", Noise), Field::many(2, "values", Float)]);

static VECTOR: Message = Message::of(&[
    Field::one(1, "id", Text),
    Field::many(2, "values", Float),
    Field::one(3, "metadata", Is::Message(&STRUCT)),
    Field::one(4, "sparseValues", Is::Message(&SPARSE)),
]);

static UPSERT: Message =
    Message::of(&[Field::counted(1, "vectors", Is::Message(&VECTOR)), Field::one(2, "namespace", Text)]);

static UPSERTED: Message = Message::of(&[Field::one(1, "upsertedCount", Unsigned)]);

static DELETE: Message = Message::of(&[
    Field::counted(1, "ids", Text),
    Field::one(2, "deleteAll", Bool),
    Field::one(3, "namespace", Text),
    Field::one(4, "filter", Is::Message(&STRUCT)),
]);

static FETCH: Message = Message::of(&[Field::many(1, "ids", Text), Field::one(2, "namespace", Text)]);

static FETCHED: Message = Message::of(&[
    Field::counted(1, "vectors", Is::Message(&FETCHED_VECTOR)),
    Field::one(2, "namespace", Text),
    Field::one(3, "usage", Noise),
]);

static FETCHED_VECTOR: Message =
    Message::entry(&[Field::one(1, "key", Text), Field::one(2, "value", Is::Message(&VECTOR))]);

static LIST: Message = Message::of(&[
    Field::one(1, "prefix", Text),
    Field::one(2, "limit", Unsigned),
    Field::one(3, "paginationToken", Noise),
    Field::one(4, "namespace", Text),
]);

static LISTED: Message = Message::of(&[
    Field::counted(1, "vectors", Is::Message(&LISTED_VECTOR)),
    Field::one(2, "pagination", Noise),
    Field::one(3, "namespace", Text),
    Field::one(4, "usage", Noise),
]);

static LISTED_VECTOR: Message = Message::of(&[Field::one(1, "id", Text)]);

static QUERY: Message = Message::of(&[
    Field::one(1, "namespace", Text),
    Field::one(2, "topK", Unsigned),
    Field::one(3, "filter", Is::Message(&STRUCT)),
    Field::one(4, "includeValues", Bool),
    Field::one(5, "includeMetadata", Bool),
    Field::counted(6, "queries", Is::Message(&QUERY_VECTOR)),
    Field::many(7, "vector", Float),
    Field::one(8, "id", Text),
    Field::one(9, "sparseVector", Is::Message(&SPARSE)),
]);

static QUERY_VECTOR: Message = Message::of(&[
    Field::many(1, "values", Float),
    Field::one(2, "topK", Unsigned),
    Field::one(3, "namespace", Text),
    Field::one(4, "filter", Is::Message(&STRUCT)),
    Field::one(5, "sparseValues", Is::Message(&SPARSE)),
]);

static FOUND: Message = Message::of(&[
    Field::many(1, "results", Is::Message(&FOUND_FOR_ONE)),
    Field::counted(2, "matches", Is::Message(&MATCH)),
    Field::one(3, "namespace", Text),
    Field::one(4, "usage", Noise),
]);

static FOUND_FOR_ONE: Message =
    Message::of(&[Field::counted(1, "matches", Is::Message(&MATCH)), Field::one(2, "namespace", Text)]);

static MATCH: Message = Message::of(&[
    Field::one(1, "id", Text),
    Field::one(2, "score", Float),
    Field::many(3, "values", Float),
    Field::one(4, "metadata", Is::Message(&STRUCT)),
    Field::one(5, "sparseValues", Is::Message(&SPARSE)),
]);

static UPDATE: Message = Message::of(&[
    Field::one(1, "id", Text),
    Field::many(2, "values", Float),
    Field::one(3, "setMetadata", Is::Message(&STRUCT)),
    Field::one(4, "namespace", Text),
    Field::one(5, "sparseValues", Is::Message(&SPARSE)),
]);

static STATS: Message = Message::of(&[Field::one(1, "filter", Is::Message(&STRUCT))]);

static STATISTICS: Message = Message::of(&[
    Field::many(1, "namespaces", Is::Message(&NAMESPACE)),
    Field::one(2, "dimension", Unsigned),
    Field::one(3, "indexFullness", Float),
    Field::one(4, "totalVectorCount", Unsigned),
]);

static NAMESPACE: Message =
    Message::entry(&[Field::one(1, "key", Text), Field::one(2, "value", Is::Message(&SUMMARY))]);

static SUMMARY: Message = Message::of(&[Field::one(1, "vectorCount", Unsigned)]);
