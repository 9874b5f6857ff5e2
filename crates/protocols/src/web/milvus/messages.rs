//! Milvus' methods and their messages: <https://github.com/milvus-io/milvus-proto>.

use crate::web::grpc::schema::{Field, Is, Message, Method, Service};
use Is::{Bool, Bytes, Double, Float, Name, Noise, Number, Secret, Text, Unsigned};

/// What may be called.
pub(super) static SERVICES: &[Service] = &[Service {
    name: "milvus.proto.milvus.MilvusService",
    methods: &[
        Method::new("Search", &SEARCH, &SEARCHED),
        Method::new("HybridSearch", &HYBRID, &SEARCHED),
        Method::new("Query", &QUERY, &QUERIED),
        Method::new("Insert", &INSERT, &MUTATED),
        Method::new("Upsert", &INSERT, &MUTATED),
        Method::new("Delete", &DELETE, &MUTATED),
        Method::new("Flush", &FLUSH, &ANSWER),
        Method::new("CreateCollection", &NEW_COLLECTION, &STATUS),
        Method::new("DropCollection", &OF_COLLECTION, &STATUS),
        Method::new("TruncateCollection", &OF_COLLECTION, &ANSWER),
        Method::new("HasCollection", &OF_COLLECTION, &YES_OR_NO),
        Method::new("DescribeCollection", &OF_COLLECTION, &DESCRIBED),
        Method::new("GetCollectionStatistics", &OF_COLLECTION, &STATISTICS),
        Method::new("ShowCollections", &SHOW, &SHOWN),
        Method::new("LoadCollection", &OF_COLLECTION, &STATUS),
        Method::new("ReleaseCollection", &OF_COLLECTION, &STATUS),
        Method::new("AlterCollection", &ALTER, &STATUS),
        Method::new("RenameCollection", &RENAME, &STATUS),
        Method::new("GetLoadState", &LOAD_STATE, &ANSWER),
        Method::new("GetLoadingProgress", &LOAD_STATE, &ANSWER),
        Method::new("CreatePartition", &OF_PARTITION, &STATUS),
        Method::new("DropPartition", &OF_PARTITION, &STATUS),
        Method::new("HasPartition", &OF_PARTITION, &YES_OR_NO),
        Method::new("ShowPartitions", &OF_COLLECTION, &SHOWN),
        Method::new("CreateAlias", &OF_ALIAS, &STATUS),
        Method::new("AlterAlias", &OF_ALIAS, &STATUS),
        Method::new("DropAlias", &DROP_ALIAS, &STATUS),
        Method::new("CreateIndex", &NEW_INDEX, &STATUS),
        Method::new("DescribeIndex", &OF_INDEX, &ANSWER),
        Method::new("DropIndex", &OF_INDEX, &STATUS),
        Method::new("CreateDatabase", &OF_DATABASE, &STATUS),
        Method::new("DropDatabase", &OF_DATABASE, &STATUS),
        Method::new("ListDatabases", &OF_DATABASE, &SHOWN),
        Method::new("Connect", &CONNECT, &CONNECTED),
        Method::new("GetVersion", &NOTHING, &VERSION),
        Method::new("CreateCredential", &NEW_USER, &STATUS),
        Method::new("UpdateCredential", &NEW_PASSWORD, &STATUS),
        Method::new("DeleteCredential", &OF_USER, &STATUS),
        Method::new("ListCredUsers", &NOTHING, &SHOWN),
    ],
}];

const BASE: Field = Field::one(1, "base", Noise);
const DATABASE: Field = Field::one(2, "dbName", Text);
const COLLECTION: Field = Field::one(3, "collectionName", Text);
const IN_STATUS: Field = Field::one(1, "status", Is::Message(&STATUS));

static NOTHING: Message = Message::of(&[BASE]);

static STATUS: Message = Message::of(&[
    Field::one(1, "errorCode", Number),
    Field::one(2, "reason", Text),
    Field::one(3, "code", Number),
    Field::one(4, "retriable", Bool),
    Field::one(5, "detail", Text),
    Field::many(6, "extraInfo", Noise),
]);

/// An answer of which nobody asks more than how it went.
static ANSWER: Message = Message::of(&[IN_STATUS]);

static PAIR: Message = Message::entry(&[Field::one(1, "key", Text), Field::one(2, "value", Text)]);

static OF_DATABASE: Message = Message::of(&[BASE, DATABASE]);

static OF_COLLECTION: Message = Message::of(&[BASE, DATABASE, COLLECTION]);

static OF_PARTITION: Message =
    Message::of(&[BASE, DATABASE, COLLECTION, Field::one(4, "partitionName", Text)]);

static OF_ALIAS: Message = Message::of(&[BASE, DATABASE, COLLECTION, Field::one(4, "alias", Text)]);

static DROP_ALIAS: Message = Message::of(&[BASE, DATABASE, Field::one(3, "alias", Text)]);

static ALTER: Message = Message::of(&[
    BASE,
    DATABASE,
    COLLECTION,
    Field::one(4, "collectionID", Number),
    Field::many(5, "properties", Is::Message(&PAIR)),
    Field::many(6, "deleteKeys", Text),
]);

static RENAME: Message =
    Message::of(&[BASE, DATABASE, Field::one(3, "oldName", Text), Field::one(4, "newName", Text)]);

static FLUSH: Message = Message::of(&[BASE, DATABASE, Field::many(3, "collectionNames", Text)]);

static LOAD_STATE: Message = Message::of(&[
    BASE,
    Field::one(2, "collectionName", Text),
    Field::many(3, "partitionNames", Text),
    Field::one(4, "dbName", Text),
]);

static NEW_INDEX: Message = Message::of(&[
    BASE,
    DATABASE,
    COLLECTION,
    Field::one(4, "fieldName", Text),
    Field::many(5, "extraParams", Is::Message(&PAIR)),
    Field::one(6, "indexName", Text),
]);

static OF_INDEX: Message = Message::of(&[
    BASE,
    DATABASE,
    COLLECTION,
    Field::one(4, "fieldName", Text),
    Field::one(5, "indexName", Text),
]);

static NEW_COLLECTION: Message = Message::of(&[
    BASE,
    DATABASE,
    COLLECTION,
    // Bytes that are a message of their own.
    Field::one(4, "schema", Is::Message(&SCHEMA)),
    Field::one(5, "shardsNum", Number),
    Field::one(6, "consistencyLevel", Name(LEVELS)),
    Field::many(7, "properties", Is::Message(&PAIR)),
    Field::one(8, "numPartitions", Number),
]);

const LEVELS: &[&str] = &["Strong", "Session", "Bounded", "Eventually", "Customized"];

static SCHEMA: Message = Message::of(&[
    Field::one(1, "name", Text),
    Field::one(2, "description", Text),
    Field::one(3, "autoID", Bool),
    Field::many(4, "fields", Is::Message(&FIELD)),
    Field::one(5, "enableDynamicField", Bool),
]);

static FIELD: Message = Message::of(&[
    Field::one(1, "fieldID", Number),
    Field::one(2, "name", Text),
    Field::one(3, "isPrimaryKey", Bool),
    Field::one(4, "description", Text),
    Field::one(5, "dataType", Number),
    Field::many(6, "typeParams", Is::Message(&PAIR)),
    Field::many(7, "indexParams", Is::Message(&PAIR)),
    Field::one(8, "autoID", Bool),
    Field::one(12, "isDynamic", Bool),
    Field::one(15, "nullable", Bool),
]);

static INSERT: Message = Message::of(&[
    BASE,
    DATABASE,
    COLLECTION,
    Field::one(4, "partitionName", Text),
    Field::many(5, "fieldsData", Is::Message(&COLUMN)),
    Field::many(6, "hashKeys", Noise),
    Field::one(7, "numRows", Unsigned),
    Field::one(8, "schemaTimestamp", Noise),
    Field::one(9, "partialUpdate", Bool),
]);

static COLUMN: Message = Message::of(&[
    Field::one(1, "type", Noise),
    Field::one(2, "fieldName", Text),
    Field::one(3, "scalars", Is::Message(&SCALARS)),
    Field::one(4, "vectors", Is::Message(&VECTORS)),
    Field::one(5, "fieldId", Noise),
    Field::one(6, "isDynamic", Bool),
    Field::many(7, "validData", Noise),
]);

/// The values of a column, whatever they are.
static SCALARS: Message = Message::bare(
    "[]",
    &[
        Field::one(1, "boolData", Is::Message(&BOOLS)),
        Field::one(2, "intData", Is::Message(&NUMBERS)),
        Field::one(3, "longData", Is::Message(&NUMBERS)),
        Field::one(4, "floatData", Is::Message(&FLOATS)),
        Field::one(5, "doubleData", Is::Message(&DOUBLES)),
        Field::one(6, "stringData", Is::Message(&TEXTS)),
        Field::one(7, "bytesData", Is::Message(&BYTES)),
        Field::one(9, "jsonData", Is::Message(&TEXTS)),
    ],
);

static BOOLS: Message = Message::bare("[]", &[Field::counted(1, "data", Bool)]);
static NUMBERS: Message = Message::bare("[]", &[Field::counted(1, "data", Number)]);
static FLOATS: Message = Message::bare("[]", &[Field::counted(1, "data", Float)]);
static DOUBLES: Message = Message::bare("[]", &[Field::counted(1, "data", Double)]);
static TEXTS: Message = Message::bare("[]", &[Field::counted(1, "data", Text)]);
static BYTES: Message = Message::bare("[]", &[Field::counted(1, "data", Bytes)]);

static VECTORS: Message = Message::of(&[
    Field::one(1, "dim", Number),
    Field::one(2, "floatVector", Is::Message(&VECTOR)),
    Field::one(3, "binaryVector", Bytes),
    Field::one(4, "float16Vector", Bytes),
    Field::one(5, "bfloat16Vector", Bytes),
    Field::one(6, "sparseFloatVector", Bytes),
    Field::one(7, "int8Vector", Bytes),
]);

static VECTOR: Message = Message::bare("[]", &[Field::many(1, "data", Float)]);

static DELETE: Message = Message::of(&[
    BASE,
    DATABASE,
    COLLECTION,
    Field::one(4, "partitionName", Text),
    Field::one(5, "expr", Text),
    Field::many(6, "hashKeys", Noise),
    Field::one(7, "consistencyLevel", Name(LEVELS)),
    Field::many(8, "exprTemplateValues", Is::Message(&TEMPLATE)),
]);

static TEMPLATE: Message =
    Message::entry(&[Field::one(1, "key", Text), Field::one(2, "value", Is::Message(&TEMPLATE_VALUE))]);

static TEMPLATE_VALUE: Message = Message::bare(
    "null",
    &[
        Field::one(1, "boolVal", Bool),
        Field::one(2, "int64Val", Number),
        Field::one(3, "floatVal", Double),
        Field::one(4, "stringVal", Text),
        Field::one(5, "arrayVal", Bytes),
    ],
);

static SEARCH: Message = Message::of(&[
    BASE,
    DATABASE,
    COLLECTION,
    Field::many(4, "partitionNames", Text),
    Field::one(5, "dsl", Text),
    Field::one(6, "placeholderGroup", Is::Message(&PLACEHOLDERS)),
    Field::one(7, "dslType", Noise),
    Field::many(8, "outputFields", Text),
    Field::many(9, "searchParams", Is::Message(&PAIR)),
    Field::one(10, "travelTimestamp", Noise),
    Field::one(11, "guaranteeTimestamp", Noise),
    Field::one(12, "nq", Number),
    Field::one(13, "notReturnAllMeta", Noise),
    Field::one(14, "consistencyLevel", Name(LEVELS)),
    Field::one(15, "useDefaultConsistency", Noise),
    Field::many(18, "exprTemplateValues", Is::Message(&TEMPLATE)),
    Field::one(22, "ids", Is::Message(&IDS)),
]);

/// The vectors that are searched with, as bytes that are a message of their own.
static PLACEHOLDERS: Message =
    Message::bare("[]", &[Field::many(1, "placeholders", Is::Message(&PLACEHOLDER))]);

static PLACEHOLDER: Message = Message::bare(
    "[]",
    &[Field::one(1, "tag", Noise), Field::one(2, "type", Noise), Field::counted(3, "values", Bytes)],
);

static HYBRID: Message = Message::of(&[
    BASE,
    DATABASE,
    COLLECTION,
    Field::many(4, "partitionNames", Text),
    Field::many(5, "requests", Is::Message(&SEARCH)),
    Field::many(6, "rankParams", Is::Message(&PAIR)),
    Field::one(7, "travelTimestamp", Noise),
    Field::one(8, "guaranteeTimestamp", Noise),
    Field::many(10, "outputFields", Text),
    Field::one(11, "consistencyLevel", Name(LEVELS)),
]);

static QUERY: Message = Message::of(&[
    BASE,
    DATABASE,
    COLLECTION,
    Field::one(4, "expr", Text),
    Field::many(5, "outputFields", Text),
    Field::many(6, "partitionNames", Text),
    Field::one(7, "travelTimestamp", Noise),
    Field::one(8, "guaranteeTimestamp", Noise),
    Field::many(9, "queryParams", Is::Message(&PAIR)),
    Field::one(11, "consistencyLevel", Name(LEVELS)),
    Field::one(12, "useDefaultConsistency", Noise),
    Field::many(13, "exprTemplateValues", Is::Message(&TEMPLATE)),
]);

/// Of a search, the ids are what was found; what else is told of them stands beside.
static SEARCHED: Message = Message::of(&[
    IN_STATUS,
    Field::one(2, "results", Is::Message(&RESULTS)),
    Field::one(3, "collectionName", Text),
]);

static RESULTS: Message = Message::of(&[
    Field::one(1, "numQueries", Number),
    Field::one(2, "topK", Number),
    Field::columns(3, "fieldsData", Is::Message(&COLUMN)),
    Field::many(4, "scores", Float),
    Field::columns(5, "ids", Is::Message(&IDS)),
    Field::many(6, "topks", Number),
    Field::many(7, "outputFields", Text),
    Field::one(13, "primaryFieldName", Text),
]);

static IDS: Message = Message::bare(
    "[]",
    &[Field::one(1, "intId", Is::Message(&NUMBERS)), Field::one(2, "strId", Is::Message(&TEXTS))],
);

static QUERIED: Message = Message::of(&[
    IN_STATUS,
    Field::columns(2, "fieldsData", Is::Message(&COLUMN)),
    Field::one(3, "collectionName", Text),
    Field::many(4, "outputFields", Text),
    Field::one(6, "primaryFieldName", Text),
]);

static MUTATED: Message = Message::of(&[
    IN_STATUS,
    Field::one(2, "IDs", Is::Message(&IDS)),
    Field::many(3, "succIndex", Noise),
    Field::many(4, "errIndex", Number),
    Field::one(6, "insertCnt", Number),
    Field::one(7, "deleteCnt", Number),
    Field::one(8, "upsertCnt", Number),
]);

static SHOW: Message = Message::of(&[BASE, DATABASE, Field::many(5, "collectionNames", Text)]);

static SHOWN: Message = Message::of(&[IN_STATUS, Field::counted(2, "names", Text)]);

static YES_OR_NO: Message = Message::of(&[IN_STATUS, Field::one(2, "value", Bool)]);

static DESCRIBED: Message = Message::of(&[IN_STATUS, Field::one(2, "schema", Is::Message(&SCHEMA))]);

static STATISTICS: Message = Message::of(&[IN_STATUS, Field::many(2, "stats", Is::Message(&PAIR))]);

static CONNECT: Message = Message::of(&[BASE, Field::one(2, "clientInfo", Is::Message(&CLIENT))]);

static CLIENT: Message = Message::of(&[
    Field::one(1, "sdkType", Text),
    Field::one(2, "sdkVersion", Text),
    Field::one(3, "localTime", Noise),
    Field::one(4, "user", Text),
    Field::one(5, "host", Text),
    Field::many(6, "reserved", Noise),
]);

static CONNECTED: Message = Message::of(&[
    IN_STATUS,
    Field::one(2, "serverInfo", Is::Message(&SERVER)),
    Field::one(3, "identifier", Noise),
]);

static SERVER: Message = Message::of(&[Field::one(1, "buildTags", Text), Field::one(5, "deployMode", Text)]);

static VERSION: Message = Message::of(&[IN_STATUS, Field::one(2, "version", Text)]);

static OF_USER: Message = Message::of(&[BASE, Field::one(2, "username", Text)]);

static NEW_USER: Message =
    Message::of(&[BASE, Field::one(2, "username", Text), Field::one(3, "password", Secret)]);

static NEW_PASSWORD: Message = Message::of(&[
    BASE,
    Field::one(2, "username", Text),
    Field::one(3, "oldPassword", Secret),
    Field::one(4, "newPassword", Secret),
]);
