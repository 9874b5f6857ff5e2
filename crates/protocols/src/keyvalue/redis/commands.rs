//! The commands of Redis 7, of what has come since, and of the modules that ship with it: where their keys stand, and what
//! their answers count.

use crate::kit::eight::packed;

use super::secrets::Secrets;

/// One command, or one subcommand of a container (`CLIENT SETNAME`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// Its words in capitals.
    pub(super) word: &'static str,
    pub(super) keys: Keys,
    pub(super) tells: Tells,
    /// Which of its words are credentials.
    pub(super) secrets: Secrets,
}

/// Where the keys (or channels) of a command stand; its own word is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    /// Nowhere.
    None,
    /// From `first` to `last`, which counts from the end where it is negative, each `step`.
    Range { first: u8, last: i8, step: u8 },
    /// Behind their number, which stands here.
    Counted(u8),
    /// One at 1, the others behind their number at 2.
    StoreCounted,
    /// The first half of what follows `STREAMS`.
    Streams,
    /// At 3, or what follows `KEYS` where that is empty.
    Migrate,
    /// At 1, and behind `STORE` or `STOREDIST`.
    Store,
    /// Its second word tells.
    Container,
}

/// What the answer to a command means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tells {
    /// Each element is a row.
    Elements,
    /// Two elements of a flat array are a row.
    Pairs,
    /// The same if the command says so (`WITHSCORES`, `WITHVALUES`), elements otherwise.
    Scored,
    /// A cursor, then an array of elements.
    Cursor,
    /// A cursor, then a flat array of pairs.
    CursorPairs,
    /// A number says how many were changed.
    Changed,
    /// Credentials may be among them: they are counted and not shown.
    Withheld,
    /// The same, in pairs.
    WithheldPairs,
    /// The session may be another one after it.
    Session,
    /// Each channel is confirmed by a message of its own.
    Channels,
    /// Perhaps nothing: it says whether the server answers, or is itself the answer of a replica.
    Perhaps,
}

const fn range(first: u8, last: i8, step: u8) -> Keys {
    Keys::Range { first, last, step }
}

const ONE: Keys = range(1, 1, 1);
const TWO: Keys = range(1, 2, 1);
const SECOND: Keys = range(2, 2, 1);
const ALL: Keys = range(1, -1, 1);

/// The commands that are alike. Order does not matter: they are found by a hash.
const COMMANDS: &[(Keys, Tells, &str)] = &[
    (
        ONE,
        Tells::Elements,
        "GET,SET,APPEND,BITCOUNT,BITFIELD,BITFIELD_RO,BITPOS,DECR,DECRBY,DUMP,EXPIRETIME,GEODIST,GEOHASH,GEOPOS,\
         GEORADIUS_RO,GEORADIUSBYMEMBER_RO,GEOSEARCH,GETBIT,GETDEL,GETEX,GETRANGE,GETSET,HEXISTS,HGET,HINCRBY,\
         HINCRBYFLOAT,HKEYS,HLEN,HMGET,HMSET,HSTRLEN,HVALS,HTTL,HPTTL,HEXPIRETIME,HPEXPIRETIME,HGETDEL,HGETEX,\
         HSETEX,INCR,INCRBY,INCRBYFLOAT,LINDEX,LINSERT,LLEN,LPOP,LPOS,LPUSH,LPUSHX,LRANGE,LSET,LTRIM,MOVE,\
         PEXPIRETIME,PSETEX,PTTL,RESTORE,RESTORE-ASKING,RPOP,RPUSH,RPUSHX,SCARD,SETBIT,SETEX,SETRANGE,SISMEMBER,\
         SMEMBERS,SMISMEMBER,SORT_RO,SPOP,SRANDMEMBER,STRLEN,SUBSTR,TTL,TYPE,XADD,XAUTOCLAIM,XCLAIM,XLEN,XPENDING,\
         XRANGE,XREVRANGE,XSETID,ZCARD,ZCOUNT,ZINCRBY,ZLEXCOUNT,ZMSCORE,ZRANGEBYLEX,ZRANK,ZREVRANGEBYLEX,\
         ZREVRANK,ZSCORE,PUBLISH,SPUBLISH,HEXPIRE,HPEXPIRE,HEXPIREAT,HPEXPIREAT,HPERSIST,VADD,VSIM,VCARD,VEMB,\
         JSON.GET,JSON.SET,JSON.TYPE,JSON.MERGE,JSON.NUMINCRBY,JSON.STRAPPEND,JSON.ARRAPPEND,JSON.ARRLEN,\
         JSON.OBJKEYS,JSON.OBJLEN,FT.SEARCH,FT.AGGREGATE,FT.CREATE,FT.INFO,FT.DROPINDEX,BF.ADD,BF.EXISTS,BF.MADD,\
         BF.MEXISTS,BF.RESERVE,CF.ADD,CF.EXISTS,CMS.INCRBY,CMS.QUERY,TOPK.ADD,TOPK.LIST,TS.ADD,TS.CREATE,TS.GET,\
         TS.RANGE,TS.REVRANGE,TS.INFO",
    ),
    (
        ONE,
        Tells::Changed,
        "EXPIRE,EXPIREAT,GEOADD,HDEL,HSET,HSETNX,LREM,PERSIST,PEXPIRE,PEXPIREAT,PFADD,SADD,SETNX,SREM,XACK,XACKDEL,\
         XDEL,XDELEX,XTRIM,ZADD,ZREM,ZREMRANGEBYLEX,ZREMRANGEBYRANK,ZREMRANGEBYSCORE,VREM,JSON.DEL,JSON.CLEAR,\
         BF.INSERT,CF.DEL,TS.DEL",
    ),
    (ONE, Tells::Pairs, "HGETALL,ZPOPMAX,ZPOPMIN"),
    (ONE, Tells::Scored, "HRANDFIELD,ZRANDMEMBER,ZRANGE,ZRANGEBYSCORE,ZREVRANGE,ZREVRANGEBYSCORE"),
    (ONE, Tells::Cursor, "SSCAN"),
    (ONE, Tells::CursorPairs, "HSCAN,ZSCAN"),
    (TWO, Tells::Elements, "BLMOVE,BRPOPLPUSH,LCS,LMOVE,RENAME,RPOPLPUSH"),
    (TWO, Tells::Changed, "COPY,GEOSEARCHSTORE,RENAMENX,SMOVE,ZRANGESTORE"),
    (
        SECOND,
        Tells::Elements,
        "PFDEBUG,MEMORY USAGE,OBJECT ENCODING,OBJECT FREQ,OBJECT IDLETIME,OBJECT REFCOUNT,XGROUP CREATE,\
         XGROUP CREATECONSUMER,XGROUP DELCONSUMER,XGROUP DESTROY,XGROUP SETID,XINFO CONSUMERS,XINFO GROUPS,DEBUG OBJECT",
    ),
    (SECOND, Tells::Pairs, "XINFO STREAM"),
    (range(2, -1, 1), Tells::Elements, "BITOP,PUBSUB NUMSUB,PUBSUB SHARDNUMSUB"),
    (ALL, Tells::Elements, "EXISTS,MGET,PFCOUNT,PFMERGE,SDIFF,SINTER,SUNION,WATCH"),
    (ALL, Tells::Changed, "DEL,TOUCH,UNLINK,SDIFFSTORE,SINTERSTORE,SUNIONSTORE"),
    (ALL, Tells::Channels, "SUBSCRIBE,PSUBSCRIBE,SSUBSCRIBE,UNSUBSCRIBE,PUNSUBSCRIBE,SUNSUBSCRIBE"),
    (range(1, -1, 2), Tells::Elements, "MSET"),
    (range(1, -1, 2), Tells::Changed, "MSETNX"),
    (range(1, -1, 3), Tells::Elements, "JSON.MSET,TS.MADD"),
    (range(1, -2, 1), Tells::Elements, "BLPOP,BRPOP,BZPOPMAX,BZPOPMIN,JSON.MGET"),
    (Keys::Counted(2), Tells::Elements, "BLMPOP,BZMPOP,EVAL,EVAL_RO,EVALSHA,EVALSHA_RO,FCALL,FCALL_RO"),
    (Keys::Counted(1), Tells::Elements, "LMPOP,SINTERCARD,ZINTERCARD,ZMPOP,MSETEX"),
    (Keys::Counted(1), Tells::Scored, "ZDIFF,ZINTER,ZUNION"),
    (Keys::StoreCounted, Tells::Changed, "ZDIFFSTORE,ZINTERSTORE,ZUNIONSTORE"),
    (Keys::Streams, Tells::Elements, "XREAD,XREADGROUP"),
    (Keys::Migrate, Tells::Elements, "MIGRATE"),
    (Keys::Store, Tells::Elements, "GEORADIUS,GEORADIUSBYMEMBER,SORT"),
    (
        Keys::None,
        Tells::Elements,
        "ASKING,BGREWRITEAOF,BGSAVE,DBSIZE,DISCARD,ECHO,EXEC,FAILOVER,FLUSHALL,FLUSHDB,KEYS,LASTSAVE,LOLWUT,MULTI,\
         PFSELFTEST,PING,QUIT,RANDOMKEY,READONLY,READWRITE,REPLICAOF,ROLE,SAVE,SHUTDOWN,SLAVEOF,SWAPDB,TIME,UNWATCH,\
         WAIT,WAITAOF,ACL CAT,ACL DELUSER,ACL DRYRUN,ACL LOAD,ACL LOG,ACL SAVE,ACL SETUSER,ACL USERS,ACL WHOAMI,\
         CLIENT CACHING,CLIENT GETNAME,CLIENT GETREDIR,CLIENT ID,CLIENT INFO,CLIENT KILL,CLIENT LIST,CLIENT NO-EVICT,\
         CLIENT NO-TOUCH,CLIENT PAUSE,CLIENT TRACKING,CLIENT TRACKINGINFO,CLIENT UNBLOCK,CLIENT UNPAUSE,\
         CLUSTER ADDSLOTS,CLUSTER ADDSLOTSRANGE,CLUSTER BUMPEPOCH,CLUSTER COUNTKEYSINSLOT,CLUSTER DELSLOTS,\
         CLUSTER FAILOVER,CLUSTER FORGET,CLUSTER GETKEYSINSLOT,CLUSTER INFO,CLUSTER KEYSLOT,CLUSTER LINKS,CLUSTER MEET,\
         CLUSTER MYID,CLUSTER NODES,CLUSTER REPLICAS,CLUSTER REPLICATE,CLUSTER RESET,CLUSTER SAVECONFIG,\
         CLUSTER SETSLOT,CLUSTER SHARDS,CLUSTER SLAVES,CLUSTER SLOTS,COMMAND COUNT,COMMAND DOCS,COMMAND GETKEYS,\
         COMMAND GETKEYSANDFLAGS,COMMAND INFO,COMMAND LIST,CONFIG RESETSTAT,CONFIG REWRITE,CONFIG SET,FUNCTION DELETE,\
         FUNCTION DUMP,FUNCTION FLUSH,FUNCTION KILL,FUNCTION LIST,FUNCTION LOAD,FUNCTION RESTORE,FUNCTION STATS,\
         LATENCY DOCTOR,LATENCY HISTOGRAM,LATENCY HISTORY,LATENCY LATEST,LATENCY RESET,MEMORY DOCTOR,MEMORY PURGE,\
         MEMORY STATS,MODULE LIST,MODULE LOAD,MODULE LOADEX,MODULE UNLOAD,PUBSUB CHANNELS,PUBSUB NUMPAT,\
         PUBSUB SHARDCHANNELS,SCRIPT EXISTS,SCRIPT FLUSH,SCRIPT KILL,SCRIPT LOAD,SLOWLOG GET,SLOWLOG LEN,SLOWLOG RESET,\
         SENTINEL CKQUORUM,SENTINEL FAILOVER,SENTINEL GET-MASTER-ADDR-BY-NAME,SENTINEL IS-MASTER-DOWN-BY-ADDR,\
         SENTINEL MONITOR,SENTINEL MYID,SENTINEL REMOVE,SENTINEL REPLICAS,SENTINEL RESET,SENTINEL SENTINELS,\
         SENTINEL SET,SENTINEL SLAVES",
    ),
    (Keys::None, Tells::Cursor, "SCAN"),
    (Keys::None, Tells::Perhaps, "CLIENT REPLY,REPLCONF"),
    (Keys::None, Tells::WithheldPairs, "ACL GETUSER,CONFIG GET,SENTINEL MASTER"),
    (Keys::None, Tells::Withheld, "ACL GENPASS,ACL LIST,SENTINEL CONFIG,SENTINEL MASTERS"),
    (
        Keys::None,
        Tells::Session,
        "AUTH,HELLO,SELECT,RESET,INFO,CLIENT SETNAME,CLIENT SETINFO,MONITOR,PSYNC,SYNC",
    ),
    (
        Keys::Container,
        Tells::Elements,
        "ACL,CLIENT,CLUSTER,COMMAND,CONFIG,DEBUG,FUNCTION,LATENCY,MEMORY,MODULE,OBJECT,PUBSUB,SCRIPT,SENTINEL,SLOWLOG,\
         XGROUP,XINFO",
    ),
];

/// A power of two, of which the commands fill less than half: most stand where they are sought.
const PLACES: usize = 1024;

static TABLE: [Option<Command>; PLACES] = table();

/// The command with this word, in whatever case it is written.
#[inline]
pub(super) fn command(word: &[u8]) -> Option<&'static Command> {
    let mut place = place(word);
    loop {
        let command = TABLE.get(place)?.as_ref()?;
        if command.word.as_bytes().eq_ignore_ascii_case(word) {
            return Some(command);
        }
        place = (place + 1) % PLACES;
    }
}

/// Where a word is sought first, whatever its case.
#[inline]
const fn place(word: &[u8]) -> usize {
    let (mut rest, mut hash) = (word, word.len() as u64);
    while let Some((_, behind)) = rest.split_first_chunk::<8>() {
        hash = mix(hash, rest);
        rest = behind;
    }
    (mix(hash, rest) >> 54) as usize
}

/// The hash with eight more bytes, or with as many as there are.
#[inline(always)]
const fn mix(hash: u64, bytes: &[u8]) -> u64 {
    const CAPITALS: u64 = u64::MAX / 0xff * 0xdf;
    (hash.rotate_left(29) ^ (packed(bytes) & CAPITALS)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[expect(
    clippy::indexing_slicing,
    reason = "runs when the program is compiled, where a bad index is an error"
)]
const fn table() -> [Option<Command>; PLACES] {
    let mut table = [None; PLACES];
    let mut group = 0;
    while group < COMMANDS.len() {
        let (keys, tells, words) = COMMANDS[group];
        let mut rest = words.as_bytes();
        while !rest.is_empty() {
            let mut end = 0;
            while end < rest.len() && rest[end] != b',' {
                end += 1;
            }
            let (word, behind) = rest.split_at(end);
            let mut place = place(word);
            while table[place].is_some() {
                place = (place + 1) % PLACES;
            }
            let Ok(word) = std::str::from_utf8(word) else { return table };
            table[place] = Some(Command { word, keys, tells, secrets: Secrets::of(word.as_bytes()) });
            rest = if behind.is_empty() { behind } else { behind.split_at(1).1 };
        }
        group += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::{COMMANDS, Keys, TABLE, Tells, command};

    #[test]
    fn every_command_is_found_in_any_case() {
        let words =
            COMMANDS.iter().flat_map(|(keys, tells, words)| words.split(',').map(move |w| (w, keys, tells)));
        let mut count = 0;
        for (word, keys, tells) in words {
            let found = command(word.to_lowercase().as_bytes()).unwrap();
            assert_eq!((found.word, &found.keys, &found.tells), (word, keys, tells), "listed twice");
            count += 1;
        }
        assert_eq!(TABLE.iter().flatten().count(), count);
        assert!(count < TABLE.len() / 2, "{count} are too many for the table");
        assert_eq!(command(b"GETT"), None);
        assert_eq!(command(b"client setname").map(|c| c.tells), Some(Tells::Session));
        assert_eq!(command(b"xreadgroup").map(|c| c.keys), Some(Keys::Streams));
    }
}
