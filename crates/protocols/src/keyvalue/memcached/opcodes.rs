//! The commands of the binary protocol, in the words of the text protocol where it has one.

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opcode {
    pub(super) code: u8,
    pub(super) word: &'static str,
    pub(super) kind: Kind,
    pub(super) answers: Answers,
}

/// What a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A key.
    Get,
    /// A key and, before it, the new expiry.
    GetAndTouch,
    /// Flags and expiry, a key, a value.
    Store,
    /// A key and a value.
    Concat,
    /// A key.
    Delete,
    /// A difference, a first value and an expiry, and a key.
    Count,
    /// An expiry and a key.
    Touch,
    /// Perhaps a delay.
    Flush,
    /// Perhaps a group; as many answers as it has members, and an empty one.
    Stats,
    /// A mechanism and what it proves with.
    Proof,
    /// Nothing, or a number.
    Plain,
}

/// When the server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answers {
    Always,
    /// With a value or an error: a miss is silent.
    Hits,
    /// With an error: what was done is silent.
    Errors,
    Never,
}

const fn opcode(code: u8, word: &'static str, kind: Kind, answers: Answers) -> Opcode {
    Opcode { code, word, kind, answers }
}

const OPCODES: &[Opcode] = &[
    opcode(0x00, "get", Kind::Get, Answers::Always),
    opcode(0x01, "set", Kind::Store, Answers::Always),
    opcode(0x02, "add", Kind::Store, Answers::Always),
    opcode(0x03, "replace", Kind::Store, Answers::Always),
    opcode(0x04, "delete", Kind::Delete, Answers::Always),
    opcode(0x05, "incr", Kind::Count, Answers::Always),
    opcode(0x06, "decr", Kind::Count, Answers::Always),
    opcode(0x07, "quit", Kind::Plain, Answers::Always),
    opcode(0x08, "flush_all", Kind::Flush, Answers::Always),
    opcode(0x09, "getq", Kind::Get, Answers::Hits),
    opcode(0x0a, "noop", Kind::Plain, Answers::Always),
    opcode(0x0b, "version", Kind::Plain, Answers::Always),
    opcode(0x0c, "getk", Kind::Get, Answers::Always),
    opcode(0x0d, "getkq", Kind::Get, Answers::Hits),
    opcode(0x0e, "append", Kind::Concat, Answers::Always),
    opcode(0x0f, "prepend", Kind::Concat, Answers::Always),
    opcode(0x10, "stats", Kind::Stats, Answers::Always),
    opcode(0x11, "setq", Kind::Store, Answers::Errors),
    opcode(0x12, "addq", Kind::Store, Answers::Errors),
    opcode(0x13, "replaceq", Kind::Store, Answers::Errors),
    opcode(0x14, "deleteq", Kind::Delete, Answers::Errors),
    opcode(0x15, "incrq", Kind::Count, Answers::Errors),
    opcode(0x16, "decrq", Kind::Count, Answers::Errors),
    opcode(0x17, "quitq", Kind::Plain, Answers::Never),
    opcode(0x18, "flush_allq", Kind::Flush, Answers::Errors),
    opcode(0x19, "appendq", Kind::Concat, Answers::Errors),
    opcode(0x1a, "prependq", Kind::Concat, Answers::Errors),
    opcode(0x1b, "verbosity", Kind::Flush, Answers::Always),
    opcode(0x1c, "touch", Kind::Touch, Answers::Always),
    opcode(0x1d, "gat", Kind::GetAndTouch, Answers::Always),
    opcode(0x1e, "gatq", Kind::GetAndTouch, Answers::Hits),
    opcode(0x20, "sasl_list_mechs", Kind::Plain, Answers::Always),
    opcode(0x21, "sasl_auth", Kind::Proof, Answers::Always),
    opcode(0x22, "sasl_step", Kind::Proof, Answers::Always),
    opcode(0x23, "gatk", Kind::GetAndTouch, Answers::Always),
    opcode(0x24, "gatkq", Kind::GetAndTouch, Answers::Hits),
];

/// The command with this code.
pub(super) fn by_code(code: u8) -> Option<&'static Opcode> {
    let guess = OPCODES.get(usize::from(code)).filter(|opcode| opcode.code == code);
    guess.or_else(|| OPCODES.iter().find(|opcode| opcode.code == code))
}

/// When the server answers the command with this word.
pub(super) fn answers(word: &str) -> Answers {
    OPCODES.iter().find(|opcode| opcode.word == word).map_or(Answers::Always, |opcode| opcode.answers)
}

impl Kind {
    /// Whether a request of this kind may have such parts.
    pub(super) fn fits(self, extras: usize, key: usize, value: u64) -> bool {
        match self {
            Kind::Get | Kind::Delete => extras == 0 && key > 0 && value == 0,
            Kind::GetAndTouch | Kind::Touch => extras == 4 && key > 0 && value == 0,
            Kind::Store => extras == 8 && key > 0,
            Kind::Concat => extras == 0 && key > 0,
            Kind::Count => extras == 20 && key > 0 && value == 0,
            Kind::Flush => (extras == 0 || extras == 4) && key == 0 && value == 0,
            Kind::Stats => extras == 0 && value == 0,
            Kind::Proof => extras == 0 && key > 0,
            Kind::Plain => extras == 0 && key == 0 && value == 0,
        }
    }
}
