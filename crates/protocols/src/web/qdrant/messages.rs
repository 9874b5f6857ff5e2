//! Qdrant's methods and their messages: <https://github.com/qdrant/qdrant/tree/master/lib/api/src/grpc/proto>.

use crate::web::grpc::schema::{Field, Is, Message, Method, Service};
use crate::web::qdrant::filters::FILTER;
use Is::{Bool, Bytes, Double, Float, Name, Noise, Number, Text, Unsigned};

/// What may be called.
pub(super) static SERVICES: &[Service] = &[
    Service {
        name: "qdrant.Points",
        methods: &[
            Method::new("Upsert", &UPSERT, &UPDATED),
            Method::new("Delete", &DELETE, &UPDATED),
            Method::new("Get", &GET, &FOUND),
            Method::new("UpdateVectors", &UPDATE_VECTORS, &UPDATED),
            Method::new("DeleteVectors", &DELETE_VECTORS, &UPDATED),
            Method::new("SetPayload", &SET_PAYLOAD, &UPDATED),
            Method::new("OverwritePayload", &SET_PAYLOAD, &UPDATED),
            Method::new("DeletePayload", &DELETE_PAYLOAD, &UPDATED),
            Method::new("ClearPayload", &DELETE, &UPDATED),
            Method::new("CreateFieldIndex", &FIELD_INDEX, &UPDATED),
            Method::new("DeleteFieldIndex", &FIELD_INDEX, &UPDATED),
            Method::new("Search", &SEARCH, &FOUND),
            Method::new("SearchBatch", &SEARCHES, &FOUND_FOR_EACH),
            Method::new("SearchGroups", &SEARCH, &FOUND_GROUPS),
            Method::new("Scroll", &SCROLL, &SCROLLED),
            Method::new("Recommend", &RECOMMEND, &FOUND),
            Method::new("Count", &COUNT, &COUNTED),
            Method::new("Query", &QUERY, &FOUND),
            Method::new("QueryBatch", &QUERIES, &FOUND_FOR_EACH),
            Method::new("QueryGroups", &QUERY_GROUPS, &FOUND_GROUPS),
        ],
    },
    Service {
        name: "qdrant.Collections",
        methods: &[
            Method::new("Get", &OF_COLLECTION, &DESCRIBED),
            Method::new("List", &NOTHING, &LISTED),
            Method::new("Create", &CREATE, &DONE),
            Method::new("Update", &OF_COLLECTION, &DONE),
            Method::new("Delete", &OF_COLLECTION, &DONE),
            Method::new("CollectionExists", &OF_COLLECTION, &EXISTS),
        ],
    },
];

const COLLECTION: Field = Field::one(1, "collection_name", Text);
const TIME: Field = Field::one(2, "time", Double);
const USAGE: Field = Field::one(3, "usage", Noise);

static NOTHING: Message = Message::of(&[]);

static OF_COLLECTION: Message = Message::of(&[COLLECTION]);

pub(super) static POINT_ID: Message =
    Message::bare("null", &[Field::one(1, "num", Unsigned), Field::one(2, "uuid", Text)]);

static VALUE: Message = Message::bare(
    "null",
    &[
        Field::one(1, "null_value", Noise),
        Field::one(2, "double_value", Double),
        Field::one(3, "integer_value", Number),
        Field::one(4, "string_value", Text),
        Field::one(5, "bool_value", Bool),
        Field::one(6, "struct_value", Is::Message(&STRUCT)),
        Field::one(7, "list_value", Is::Message(&LIST)),
    ],
);

static ENTRY: Message =
    Message::entry(&[Field::one(1, "key", Text), Field::one(2, "value", Is::Message(&VALUE))]);

static STRUCT: Message = Message::bare("{}", &[Field::many(1, "fields", Is::Message(&ENTRY))]);

static LIST: Message = Message::bare("[]", &[Field::many(1, "values", Is::Message(&VALUE))]);

static VECTOR: Message = Message::of(&[
    Field::many(1, "data", Float),
    Field::one(2, "indices", Noise),
    Field::one(3, "vectors_count", Unsigned),
    Field::one(101, "dense", Is::Message(&DENSE)),
    Field::one(102, "sparse", Is::Message(&SPARSE)),
    Field::one(103, "multi_dense", Is::Message(&MULTI)),
    Field::one(104, "document", Is::Message(&DOCUMENT)),
]);

static DENSE: Message = Message::bare("[]", &[Field::many(1, "data", Float)]);

static SPARSE: Message = Message::of(&[Field::many(1, "values", Float), Field::many(2, "indices", Noise)]);

static MULTI: Message = Message::bare("[]", &[Field::many(1, "vectors", Is::Message(&DENSE))]);

static DOCUMENT: Message = Message::of(&[Field::one(1, "text", Text), Field::one(2, "model", Text)]);

static VECTORS: Message = Message::bare(
    "null",
    &[Field::one(1, "vector", Is::Message(&VECTOR)), Field::one(2, "vectors", Is::Message(&NAMED))],
);

static NAMED: Message = Message::bare("{}", &[Field::many(1, "vectors", Is::Message(&NAMED_VECTOR))]);

static NAMED_VECTOR: Message =
    Message::entry(&[Field::one(1, "key", Text), Field::one(2, "value", Is::Message(&VECTOR))]);

static POINT: Message = Message::of(&[
    Field::one(1, "id", Is::Message(&POINT_ID)),
    Field::many(3, "payload", Is::Message(&ENTRY)),
    Field::one(4, "vectors", Is::Message(&VECTORS)),
]);

static UPSERT: Message = Message::of(&[
    COLLECTION,
    Field::one(2, "wait", Bool),
    Field::counted(3, "points", Is::Message(&POINT)),
    Field::one(4, "ordering", Noise),
    Field::one(6, "update_filter", Is::Message(&FILTER)),
]);

static UPDATE_VECTORS: Message = Message::of(&[
    COLLECTION,
    Field::one(2, "wait", Bool),
    Field::counted(3, "points", Is::Message(&POINT_VECTORS)),
]);

static POINT_VECTORS: Message = Message::of(&[
    Field::one(1, "id", Is::Message(&POINT_ID)),
    Field::one(2, "vectors", Is::Message(&VECTORS)),
]);

static UPDATED: Message = Message::of(&[Field::one(1, "result", Is::Message(&UPDATE_RESULT)), TIME, USAGE]);

static UPDATE_RESULT: Message = Message::of(&[
    Field::one(1, "operation_id", Unsigned),
    Field::one(
        2,
        "status",
        Name(&["unknown", "acknowledged", "completed", "clock_rejected", "wait_timeout"]),
    ),
]);

/// Which points are meant.
static SELECTOR: Message =
    Message::of(&[Field::one(1, "points", Is::Message(&IDS)), Field::one(2, "filter", Is::Message(&FILTER))]);

static IDS: Message = Message::bare("[]", &[Field::counted(1, "ids", Is::Message(&POINT_ID))]);

static DELETE: Message =
    Message::of(&[COLLECTION, Field::one(2, "wait", Bool), Field::one(3, "points", Is::Message(&SELECTOR))]);

static DELETE_VECTORS: Message = Message::of(&[
    COLLECTION,
    Field::one(2, "wait", Bool),
    Field::one(3, "points_selector", Is::Message(&SELECTOR)),
    Field::one(4, "vectors", Is::Message(&NAMES)),
]);

static NAMES: Message = Message::bare("[]", &[Field::many(1, "names", Text)]);

static SET_PAYLOAD: Message = Message::of(&[
    COLLECTION,
    Field::one(2, "wait", Bool),
    Field::many(3, "payload", Is::Message(&ENTRY)),
    Field::one(5, "points_selector", Is::Message(&SELECTOR)),
    Field::one(8, "key", Text),
]);

static DELETE_PAYLOAD: Message = Message::of(&[
    COLLECTION,
    Field::one(2, "wait", Bool),
    Field::many(3, "keys", Text),
    Field::one(5, "points_selector", Is::Message(&SELECTOR)),
]);

static FIELD_INDEX: Message =
    Message::of(&[COLLECTION, Field::one(2, "wait", Bool), Field::one(3, "field_name", Text)]);

/// What is wanted of points: all of it, none, or these parts.
static WITH: Message = Message::bare(
    "null",
    &[
        Field::one(1, "enable", Bool),
        Field::one(2, "include", Is::Message(&NAMES)),
        Field::one(3, "exclude", Is::Message(&NAMES)),
    ],
);

static GET: Message = Message::of(&[
    COLLECTION,
    Field::many(2, "ids", Is::Message(&POINT_ID)),
    Field::one(4, "with_payload", Is::Message(&WITH)),
    Field::one(5, "with_vectors", Is::Message(&WITH)),
]);

static FOUND: Message = Message::of(&[Field::counted(1, "result", Is::Message(&FOUND_POINT)), TIME, USAGE]);

static FOUND_POINT: Message = Message::of(&[
    Field::one(1, "id", Is::Message(&POINT_ID)),
    Field::many(2, "payload", Is::Message(&ENTRY)),
    Field::one(3, "score", Float),
    Field::one(4, "vectors", Is::Message(&VECTORS)),
    Field::one(5, "version", Unsigned),
    Field::one(6, "vectors", Is::Message(&VECTORS)),
]);

static FOUND_FOR_EACH: Message =
    Message::of(&[Field::many(1, "result", Is::Message(&FOUND_FOR_ONE)), TIME, USAGE]);

static FOUND_FOR_ONE: Message =
    Message::bare("[]", &[Field::counted(1, "result", Is::Message(&FOUND_POINT))]);

static FOUND_GROUPS: Message = Message::of(&[Field::one(1, "result", Is::Message(&GROUPS)), TIME, USAGE]);

static GROUPS: Message = Message::bare("[]", &[Field::many(1, "groups", Is::Message(&GROUP))]);

static GROUP: Message =
    Message::of(&[Field::one(1, "id", Noise), Field::counted(2, "hits", Is::Message(&FOUND_POINT))]);

static SEARCH: Message = Message::of(&[
    COLLECTION,
    Field::many(2, "vector", Float),
    Field::one(3, "filter", Is::Message(&FILTER)),
    Field::one(4, "limit", Unsigned),
    Field::one(6, "with_payload", Is::Message(&WITH)),
    Field::one(7, "params", Bytes),
    Field::one(8, "score_threshold", Float),
    Field::one(9, "offset", Unsigned),
    Field::one(10, "vector_name", Text),
    Field::one(11, "with_vectors", Is::Message(&WITH)),
]);

static SEARCHES: Message =
    Message::of(&[COLLECTION, Field::counted(2, "search_points", Is::Message(&SEARCH))]);

static SCROLL: Message = Message::of(&[
    COLLECTION,
    Field::one(2, "filter", Is::Message(&FILTER)),
    Field::one(3, "offset", Is::Message(&POINT_ID)),
    Field::one(4, "limit", Unsigned),
    Field::one(6, "with_payload", Is::Message(&WITH)),
    Field::one(7, "with_vectors", Is::Message(&WITH)),
]);

static SCROLLED: Message = Message::of(&[
    Field::one(1, "next_page_offset", Is::Message(&POINT_ID)),
    Field::counted(2, "result", Is::Message(&FOUND_POINT)),
    Field::one(3, "time", Double),
]);

static RECOMMEND: Message = Message::of(&[
    COLLECTION,
    Field::many(2, "positive", Is::Message(&POINT_ID)),
    Field::many(3, "negative", Is::Message(&POINT_ID)),
    Field::one(4, "filter", Is::Message(&FILTER)),
    Field::one(5, "limit", Unsigned),
    Field::one(7, "with_payload", Is::Message(&WITH)),
    Field::one(11, "using", Text),
]);

static COUNT: Message =
    Message::of(&[COLLECTION, Field::one(2, "filter", Is::Message(&FILTER)), Field::one(3, "exact", Bool)]);

static COUNTED: Message = Message::of(&[Field::one(1, "result", Is::Message(&COUNT_RESULT)), TIME]);

static COUNT_RESULT: Message = Message::of(&[Field::one(1, "count", Unsigned)]);

static QUERY: Message = Message::of(&[
    COLLECTION,
    Field::many(2, "prefetch", Is::Message(&PREFETCH)),
    Field::one(3, "query", Is::Message(&QUERY_BY)),
    Field::one(4, "using", Text),
    Field::one(5, "filter", Is::Message(&FILTER)),
    Field::one(6, "params", Bytes),
    Field::one(7, "score_threshold", Float),
    Field::one(8, "limit", Unsigned),
    Field::one(9, "offset", Unsigned),
    Field::one(10, "with_vectors", Is::Message(&WITH)),
    Field::one(11, "with_payload", Is::Message(&WITH)),
]);

static QUERIES: Message = Message::of(&[COLLECTION, Field::counted(2, "query_points", Is::Message(&QUERY))]);

static QUERY_GROUPS: Message = Message::of(&[
    COLLECTION,
    Field::many(2, "prefetch", Is::Message(&PREFETCH)),
    Field::one(3, "query", Is::Message(&QUERY_BY)),
    Field::one(4, "using", Text),
    Field::one(5, "filter", Is::Message(&FILTER)),
    Field::one(11, "limit", Unsigned),
    Field::one(12, "group_size", Unsigned),
    Field::one(13, "group_by", Text),
]);

static PREFETCH: Message = Message::of(&[
    Field::many(1, "prefetch", Is::Message(&PREFETCH)),
    Field::one(2, "query", Is::Message(&QUERY_BY)),
    Field::one(3, "using", Text),
    Field::one(4, "filter", Is::Message(&FILTER)),
    Field::one(7, "limit", Unsigned),
]);

static QUERY_BY: Message = Message::of(&[
    Field::one(1, "nearest", Is::Message(&INPUT)),
    Field::one(6, "fusion", Name(&["rrf", "dbsf"])),
    Field::one(7, "sample", Name(&["random"])),
]);

static INPUT: Message = Message::bare(
    "null",
    &[
        Field::one(1, "id", Is::Message(&POINT_ID)),
        Field::one(2, "dense", Is::Message(&DENSE)),
        Field::one(3, "sparse", Is::Message(&SPARSE)),
        Field::one(4, "multi_dense", Is::Message(&MULTI)),
        Field::one(5, "document", Is::Message(&DOCUMENT)),
    ],
);

static CREATE: Message =
    Message::of(&[COLLECTION, Field::one(10, "vectors_config", Is::Message(&VECTORS_CONFIG))]);

static VECTORS_CONFIG: Message = Message::of(&[Field::one(1, "params", Is::Message(&VECTOR_PARAMS))]);

static VECTOR_PARAMS: Message = Message::of(&[
    Field::one(1, "size", Unsigned),
    Field::one(2, "distance", Name(&["unknown", "Cosine", "Euclid", "Dot", "Manhattan"])),
]);

static DONE: Message = Message::of(&[Field::one(1, "result", Bool), TIME]);

static LISTED: Message =
    Message::of(&[Field::counted(1, "collections", Is::Message(&LISTED_COLLECTION)), TIME]);

static LISTED_COLLECTION: Message = Message::of(&[Field::one(1, "name", Text)]);

static EXISTS: Message = Message::of(&[Field::one(1, "result", Is::Message(&EXISTENCE)), TIME]);

static EXISTENCE: Message = Message::of(&[Field::one(1, "exists", Bool)]);

static DESCRIBED: Message = Message::of(&[Field::one(1, "result", Is::Message(&DESCRIPTION)), TIME]);

static DESCRIPTION: Message = Message::of(&[
    Field::one(1, "status", Number),
    Field::one(4, "segments_count", Unsigned),
    Field::one(9, "points_count", Unsigned),
]);
