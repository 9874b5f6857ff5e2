//! Weaviate's methods and their messages: <https://github.com/weaviate/weaviate/tree/main/grpc/proto/v1>.

use crate::web::grpc::schema::{Field, Is, Message, Method, Service};
use crate::web::grpc::structs::STRUCT;
use Is::{Bool, Bytes, Double, Float, Floats, Name, Noise, Number, Text, Unsigned};

/// What may be called. What is seldom asked for is told by its length.
pub(super) static SERVICES: &[Service] = &[Service {
    name: "weaviate.v1.Weaviate",
    methods: &[
        Method::new("Search", &SEARCH, &FOUND),
        Method::new("BatchObjects", &OBJECTS, &BATCHED),
        Method::new("BatchReferences", &REFERENCES, &BATCHED),
        Method::new("BatchDelete", &DELETE, &DELETED),
        Method::new("TenantsGet", &TENANTS, &TENANTS_FOUND),
        Method::new("Aggregate", &AGGREGATE, &AGGREGATED),
    ],
}];

static SEARCH: Message = Message::of(&[
    Field::one(1, "collection", Text),
    Field::one(10, "tenant", Text),
    Field::one(11, "consistency_level", Number),
    Field::one(20, "properties", Is::Message(&PROPERTIES)),
    Field::one(21, "metadata", Noise),
    Field::one(22, "group_by", Bytes),
    Field::one(30, "limit", Unsigned),
    Field::one(31, "offset", Unsigned),
    Field::one(32, "autocut", Unsigned),
    Field::one(33, "after", Text),
    Field::many(34, "sort_by", Is::Message(&SORT)),
    Field::one(40, "filters", Is::Message(&FILTERS)),
    Field::one(41, "hybrid_search", Is::Message(&HYBRID)),
    Field::one(42, "bm25_search", Is::Message(&WORDS)),
    Field::one(43, "near_vector", Is::Message(&NEAR_VECTOR)),
    Field::one(44, "near_object", Is::Message(&NEAR_OBJECT)),
    Field::one(45, "near_text", Is::Message(&NEAR_TEXT)),
    Field::one(60, "generative", Bytes),
    Field::one(61, "rerank", Is::Message(&RERANK)),
    Field::one(100, "uses_123_api", Noise),
    Field::one(101, "uses_125_api", Noise),
    Field::one(102, "uses_127_api", Noise),
]);

static PROPERTIES: Message = Message::of(&[
    Field::many(1, "non_ref_properties", Text),
    Field::many(2, "ref_properties", Bytes),
    Field::many(3, "object_properties", Bytes),
    Field::one(11, "return_all_nonref_properties", Bool),
]);

static SORT: Message = Message::of(&[Field::one(1, "ascending", Bool), Field::many(2, "path", Text)]);

static RERANK: Message = Message::of(&[Field::one(1, "property", Text), Field::one(2, "query", Text)]);

static WORDS: Message = Message::of(&[Field::one(1, "query", Text), Field::many(2, "properties", Text)]);

static HYBRID: Message = Message::of(&[
    Field::one(1, "query", Text),
    Field::many(2, "properties", Text),
    Field::many(3, "vector", Float),
    Field::one(4, "alpha", Float),
    Field::one(5, "fusion_type", Number),
    Field::one(6, "vector_bytes", Floats),
    Field::many(7, "target_vectors", Text),
    Field::one(8, "near_text", Is::Message(&NEAR_TEXT)),
    Field::one(9, "near_vector", Is::Message(&NEAR_VECTOR)),
    Field::many(21, "vectors", Is::Message(&VECTORS)),
]);

static NEAR_VECTOR: Message = Message::of(&[
    Field::many(1, "vector", Float),
    Field::one(2, "certainty", Double),
    Field::one(3, "distance", Double),
    Field::one(4, "vector_bytes", Floats),
    Field::many(5, "target_vectors", Text),
    Field::one(6, "targets", Noise),
    Field::many(8, "vector_for_targets", Is::Message(&TARGET)),
    Field::many(9, "vectors", Is::Message(&VECTORS)),
]);

static TARGET: Message = Message::of(&[
    Field::one(1, "name", Text),
    Field::one(2, "vector_bytes", Floats),
    Field::many(3, "vectors", Is::Message(&VECTORS)),
]);

static VECTORS: Message = Message::of(&[
    Field::one(1, "name", Text),
    Field::one(2, "index", Unsigned),
    Field::one(3, "vector_bytes", Floats),
    Field::one(4, "type", Noise),
]);

static NEAR_OBJECT: Message = Message::of(&[
    Field::one(1, "id", Text),
    Field::one(2, "certainty", Double),
    Field::one(3, "distance", Double),
]);

static NEAR_TEXT: Message = Message::of(&[
    Field::many(1, "query", Text),
    Field::one(2, "certainty", Double),
    Field::one(3, "distance", Double),
    Field::many(6, "target_vectors", Text),
]);

/// The operators, in the words of the REST API.
const OPERATORS: &[&str] = &[
    "Unspecified",
    "Equal",
    "NotEqual",
    "GreaterThan",
    "GreaterThanEqual",
    "LessThan",
    "LessThanEqual",
    "And",
    "Or",
    "WithinGeoRange",
    "Like",
    "IsNull",
    "ContainsAny",
    "ContainsAll",
    "ContainsNone",
    "Not",
];

static FILTERS: Message = Message::of(&[
    Field::one(1, "operator", Name(OPERATORS)),
    Field::many(2, "path", Text),
    Field::many(3, "operands", Is::Message(&FILTERS)),
    Field::one(4, "value", Text),
    Field::one(5, "value", Number),
    Field::one(6, "value", Bool),
    Field::one(7, "value", Double),
    Field::one(9, "value", Is::Message(&TEXTS)),
    Field::one(10, "value", Is::Message(&NUMBERS)),
    Field::one(11, "value", Is::Message(&BOOLS)),
    Field::one(12, "value", Is::Message(&DOUBLES)),
    Field::one(13, "value_geo", Bytes),
    Field::one(20, "target", Is::Message(&FILTERED)),
]);

static FILTERED: Message = Message::bare(
    "null",
    &[
        Field::one(1, "property", Text),
        Field::one(2, "single_target", Bytes),
        Field::one(3, "multi_target", Bytes),
        Field::one(4, "count", Bytes),
    ],
);

static TEXTS: Message = Message::bare("[]", &[Field::many(1, "values", Text)]);
static NUMBERS: Message = Message::bare("[]", &[Field::many(1, "values", Number)]);
static BOOLS: Message = Message::bare("[]", &[Field::many(1, "values", Bool)]);
static DOUBLES: Message = Message::bare("[]", &[Field::many(1, "values", Double)]);

static FOUND: Message = Message::of(&[
    Field::one(1, "took", Float),
    Field::counted(2, "results", Is::Message(&RESULT)),
    Field::one(3, "generative_grouped_result", Text),
    Field::many(4, "group_by_results", Is::Message(&GROUP)),
]);

static GROUP: Message =
    Message::of(&[Field::one(1, "name", Text), Field::counted(5, "objects", Is::Message(&RESULT))]);

static RESULT: Message = Message::of(&[
    Field::one(1, "properties", Is::Message(&PROPERTIES_FOUND)),
    Field::one(2, "metadata", Is::Message(&METADATA)),
]);

static PROPERTIES_FOUND: Message = Message::of(&[
    Field::many(2, "ref_props", Bytes),
    Field::one(3, "target_collection", Text),
    Field::one(4, "metadata", Noise),
    Field::one(11, "properties", Is::Message(&OBJECT)),
    Field::one(12, "ref_props_requested", Noise),
]);

static METADATA: Message = Message::of(&[
    Field::one(1, "id", Text),
    Field::many(2, "vector", Float),
    Field::one(3, "creation_time_unix", Noise),
    Field::one(4, "creation_time_unix_present", Noise),
    Field::one(5, "last_update_time_unix", Noise),
    Field::one(6, "last_update_time_unix_present", Noise),
    Field::one(7, "distance", Float),
    Field::one(8, "distance_present", Noise),
    Field::one(9, "certainty", Float),
    Field::one(10, "certainty_present", Noise),
    Field::one(11, "score", Float),
    Field::one(12, "score_present", Noise),
    Field::one(13, "explain_score", Noise),
    Field::one(14, "explain_score_present", Noise),
    Field::one(15, "is_consistent", Noise),
    Field::one(18, "is_consistent_present", Noise),
    Field::one(19, "vector_bytes", Floats),
    Field::one(20, "id_as_bytes", Noise),
    Field::many(23, "vectors", Is::Message(&VECTORS)),
]);

static OBJECT: Message = Message::bare("{}", &[Field::many(1, "fields", Is::Message(&PROPERTY))]);

static PROPERTY: Message =
    Message::entry(&[Field::one(1, "key", Text), Field::one(2, "value", Is::Message(&VALUE))]);

static VALUE: Message = Message::bare(
    "null",
    &[
        Field::one(1, "number_value", Double),
        Field::one(3, "bool_value", Bool),
        Field::one(4, "object_value", Is::Message(&OBJECT)),
        Field::one(5, "list_value", Is::Message(&LIST)),
        Field::one(6, "date_value", Text),
        Field::one(7, "uuid_value", Text),
        Field::one(8, "int_value", Number),
        Field::one(9, "geo_value", Bytes),
        Field::one(10, "blob_value", Bytes),
        Field::one(11, "phone_value", Is::Message(&PHONE)),
        Field::one(12, "null_value", Noise),
        Field::one(13, "text_value", Text),
    ],
);

static PHONE: Message = Message::of(&[Field::one(3, "input", Text), Field::one(4, "international", Text)]);

static LIST: Message = Message::bare(
    "[]",
    &[
        Field::one(2, "number_values", Bytes),
        Field::one(3, "bool_values", Is::Message(&BOOLS)),
        Field::one(4, "object_values", Is::Message(&OBJECT_LIST)),
        Field::one(5, "date_values", Is::Message(&TEXTS)),
        Field::one(6, "uuid_values", Is::Message(&TEXTS)),
        Field::one(7, "int_values", Bytes),
        Field::one(8, "text_values", Is::Message(&TEXTS)),
    ],
);

static OBJECT_LIST: Message = Message::bare("[]", &[Field::many(1, "values", Is::Message(&OBJECT))]);

static OBJECTS: Message = Message::of(&[
    Field::counted(1, "objects", Is::Message(&NEW_OBJECT)),
    Field::one(2, "consistency_level", Number),
]);

static NEW_OBJECT: Message = Message::of(&[
    Field::one(1, "uuid", Text),
    Field::many(2, "vector", Float),
    Field::one(3, "properties", Is::Message(&NEW_PROPERTIES)),
    Field::one(4, "collection", Text),
    Field::one(5, "tenant", Text),
    Field::one(6, "vector_bytes", Floats),
    Field::many(23, "vectors", Is::Message(&VECTORS)),
]);

static NEW_PROPERTIES: Message = Message::of(&[
    Field::one(1, "properties", Is::Message(&STRUCT)),
    Field::many(2, "references", Bytes),
    Field::many(3, "multi_references", Bytes),
    Field::many(4, "number_arrays", Bytes),
    Field::many(5, "int_arrays", Bytes),
    Field::many(6, "text_arrays", Is::Message(&TEXT_ARRAY)),
    Field::many(7, "boolean_arrays", Bytes),
    Field::many(8, "objects", Bytes),
    Field::many(9, "object_arrays", Bytes),
    Field::many(10, "empty_lists", Text),
]);

static TEXT_ARRAY: Message = Message::of(&[Field::many(1, "values", Text), Field::one(2, "name", Text)]);

static BATCHED: Message =
    Message::of(&[Field::one(1, "took", Float), Field::counted(2, "errors", Is::Message(&BATCH_ERROR))]);

static BATCH_ERROR: Message = Message::of(&[Field::one(1, "index", Number), Field::one(2, "error", Text)]);

static REFERENCES: Message = Message::of(&[Field::counted(1, "references", Is::Message(&REFERENCE))]);

static REFERENCE: Message = Message::of(&[
    Field::one(1, "name", Text),
    Field::one(2, "collection", Text),
    Field::one(3, "from_uuid", Text),
    Field::one(4, "to_collection", Text),
    Field::one(5, "to_uuid", Text),
]);

static DELETE: Message = Message::of(&[
    Field::one(1, "collection", Text),
    Field::one(2, "filters", Is::Message(&FILTERS)),
    Field::one(3, "verbose", Bool),
    Field::one(4, "dry_run", Bool),
    Field::one(6, "tenant", Text),
]);

static DELETED: Message = Message::of(&[
    Field::one(1, "took", Float),
    Field::one(2, "failed", Number),
    Field::one(3, "matches", Number),
    Field::one(4, "successful", Number),
]);

static TENANTS: Message =
    Message::of(&[Field::one(1, "collection", Text), Field::one(2, "names", Is::Message(&TEXTS))]);

static TENANTS_FOUND: Message =
    Message::of(&[Field::one(1, "took", Float), Field::counted(2, "tenants", Is::Message(&TENANT))]);

static TENANT: Message =
    Message::of(&[Field::one(1, "name", Text), Field::one(2, "activity_status", Number)]);

static AGGREGATE: Message = Message::of(&[
    Field::one(1, "collection", Text),
    Field::one(10, "tenant", Text),
    Field::one(20, "objects_count", Bool),
    Field::many(21, "aggregations", Bytes),
    Field::one(30, "object_limit", Unsigned),
    Field::one(32, "limit", Unsigned),
    Field::one(40, "filters", Is::Message(&FILTERS)),
    Field::one(42, "near_vector", Is::Message(&NEAR_VECTOR)),
]);

static AGGREGATED: Message = Message::of(&[
    Field::one(1, "took", Float),
    Field::one(2, "single_result", Is::Message(&AGGREGATION)),
    Field::one(3, "grouped_results", Bytes),
]);

static AGGREGATION: Message =
    Message::of(&[Field::one(1, "objects_count", Number), Field::one(2, "aggregations", Bytes)]);
