//! The middle of a line of JSON: what the exchanges of one kind share.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use model::exchange::{Column, Exchange, Failure, Outcome, Text};
use model::row::Row;

use crate::json::Json;

/// The middles that were written last: from the operation to the samples, but for what exchanges of one kind do not
/// share. Most of what a program asks, it asks again.
#[derive(Debug)]
pub(crate) struct Middles(Box<[Option<Middle>; PLACES]>);

/// A middle as it was written. What it was written from is held, so that its addresses are nobody else's.
#[derive(Debug, Default)]
struct Middle {
    operation: Cow<'static, str>,
    wording: Wording,
    targets: Vec<Text>,
    outcome: Outcome,
    failure: Option<Box<Failure>>,
    counts: Counts,
    columns: Option<Arc<[Column]>>,
    json: Json,
    /// Where the parameters belong, and before them the statement of an exchange that has its own.
    cut: usize,
    /// Where the counts stand.
    counted: Range<usize>,
}

/// What the line before on the same connection began with: its head, and the middle if that was told twice in a row. Both
/// are then one piece, which is found without looking.
#[derive(Debug, Default)]
pub(crate) struct Last {
    /// Where the middle has its place.
    place: usize,
    begin: Option<Box<Middle>>,
}

/// How a statement is worded.
#[derive(Debug, Default)]
enum Wording {
    /// Nobody knows.
    #[default]
    Unknown,
    /// As others of its kind.
    Shared(Text),
    /// By each exchange in its own way.
    Own,
}

/// How many rows came back, and how many were changed.
type Counts = [Option<u64>; 2];

/// So many are remembered, each in the place that the addresses of its parts give it.
const PLACES: usize = 1 << PLACE_BITS;
const PLACE_BITS: u32 = 8;

/// Spreads addresses over the places: 2^64 by the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// No longer JSON is remembered.
const KEPT: usize = 4 << 10;

impl Default for Middles {
    fn default() -> Self {
        Middles(Box::new(std::array::from_fn(|_| None)))
    }
}

impl Middles {
    /// Adds the head of a line, and what comes between that and its samples, where `last` is the connection's.
    #[inline]
    pub(crate) fn write(&mut self, json: &mut Json, head: &[u8], exchange: &Exchange, last: &mut Last) {
        match &last.begin {
            Some(begin) if begin.is_of(exchange) => begin.tell(json, exchange),
            Some(_) | None => self.find(json, head, exchange, last),
        }
    }

    #[inline(never)]
    fn find(&mut self, json: &mut Json, head: &[u8], exchange: &Exchange, last: &mut Last) {
        json.append(head);
        let at = place(exchange);
        let place = &mut self.0[at];
        match place {
            Some(middle) if middle.is_of(exchange) => middle.tell(json, exchange),
            Some(_) | None => {
                let middle = place.get_or_insert_default();
                middle.renew(&[], exchange);
                middle.tell(json, exchange);
                place.take_if(|middle| middle.json.len() > KEPT);
            }
        }
        // What is too long would be written anew each time.
        let fits = place.as_ref().is_some_and(|middle| head.len() + middle.json.len() <= KEPT);
        if std::mem::replace(&mut last.place, at) == at && fits {
            last.begin.get_or_insert_default().renew(head, exchange);
            last.begin.take_if(|begin| begin.json.len() > KEPT);
        }
    }
}

fn place(Exchange { request, response, .. }: &Exchange) -> usize {
    let text = |text: Option<&Text>| text.map_or(0, |text| text.as_ptr().addr());
    let columns = response.columns.as_ref().map_or(0, |columns| columns.as_ptr().addr());
    let parts = [
        match request.operation {
            Cow::Borrowed(word) => word.as_ptr().addr(),
            Cow::Owned(_) => 0,
        },
        text(request.statement.shared()),
        text(request.targets.first()),
        columns,
    ];
    let all = parts.into_iter().fold(0_u64, |all, part| (all ^ part as u64).wrapping_mul(GOLDEN));
    (all >> (u64::BITS - PLACE_BITS)) as usize
}

impl Middle {
    /// Whether what was written is true of this exchange too.
    #[inline]
    fn is_of(&self, Exchange { request, response, .. }: &Exchange) -> bool {
        is_same_word(&self.operation, &request.operation)
            && match (&self.wording, request.statement.shared()) {
                (Wording::Shared(ours), Some(theirs)) => Arc::ptr_eq(ours, theirs),
                (Wording::Own, None) => !request.statement.is_none(),
                (Wording::Unknown, None) => request.statement.is_none(),
                (Wording::Shared(_), None) | (Wording::Own | Wording::Unknown, Some(_)) => false,
            }
            && self.targets.len() == request.targets.len()
            && self.targets.iter().zip(&request.targets).all(|(ours, theirs)| Arc::ptr_eq(ours, theirs))
            && (self.outcome, &self.failure) == (response.outcome, &response.failure)
            && self.columns.as_ref().map(Arc::as_ptr) == response.columns.as_ref().map(Arc::as_ptr)
    }

    /// Becomes that of this exchange, behind this head, in the same memory.
    #[inline(never)]
    fn renew(&mut self, head: &[u8], Exchange { request, response, .. }: &Exchange) {
        let json = &mut self.json;
        json.clear();
        json.append(head);
        json.unquoted(&request.operation);
        self.wording = match (request.statement.shared(), request.statement.is_none()) {
            (Some(statement), _) => {
                json.raw(r#"","statement":""#).unquoted(statement).raw(r#"","parameters":["#);
                Wording::Shared(Arc::clone(statement))
            }
            (None, true) => {
                json.raw(r#"","statement":null,"parameters":["#);
                Wording::Unknown
            }
            (None, false) => {
                json.raw(r#"","statement":""#);
                Wording::Own
            }
        };
        self.cut = json.len();
        json.raw(r#"],"targets":["#);
        json.items(request.targets.iter(), |json, target| _ = json.text(target));
        json.raw(r#"],"template":null,"fingerprint":null,"outcome":"#);
        json.text_or_null(outcome(response.outcome)).raw(r#","error":"#);
        failure(json, response.failure.as_deref());
        let begin = json.raw(r#","rows":"#).len();
        self.counts = [response.rows, response.affected];
        counts(json, self.counts);
        self.counted = begin..json.len();
        json.raw(r#","columns":["#);
        json.items(response.columns.iter().flat_map(|columns| columns.iter()), column);
        json.raw(r#"],"samples":["#);
        self.operation.clone_from(&request.operation);
        self.targets.clone_from(&request.targets);
        (self.outcome, self.failure) = (response.outcome, response.failure.clone());
        self.columns.clone_from(&response.columns);
    }

    /// Adds it with what is this exchange's own.
    #[inline]
    fn tell(&self, json: &mut Json, Exchange { request, response, .. }: &Exchange) {
        let all = self.json.bytes();
        let is_own = matches!(self.wording, Wording::Own);
        let mut told = 0;
        if is_own || !request.parameters.is_empty() {
            json.append(&all[..self.cut]);
            if let (true, Some(statement)) = (is_own, request.statement.as_deref()) {
                json.unquoted(statement).raw(r#"","parameters":["#);
            }
            cells(json, &request.parameters);
            told = self.cut;
        }
        let counts = [response.rows, response.affected];
        if counts != self.counts {
            json.append(&all[told..self.counted.start]);
            self::counts(json, counts);
            told = self.counted.end;
        }
        json.append(&all[told..]);
    }
}

/// Whether both are one word: mostly they are in one place, too.
#[inline]
fn is_same_word(ours: &str, theirs: &str) -> bool {
    std::ptr::eq(ours, theirs) || ours == theirs
}

fn failure(json: &mut Json, failure: Option<&Failure>) {
    match failure {
        Some(failure) => {
            json.raw(r#"{"code":"#).text(&failure.code);
            json.raw(r#","message":"#).text(&failure.message).raw("}")
        }
        None => json.raw("null"),
    };
}

fn counts(json: &mut Json, [rows, affected]: Counts) {
    json.number_or_null(rows).raw(r#","affected":"#).number_or_null(affected);
}

fn column(json: &mut Json, column: &Column) {
    json.raw(r#"{"name":"#).text(&column.name).raw(r#","type":"#).text(&column.kind);
    json.raw(r#","table":"#).text_or_null(column.table.as_deref());
    if let Some(origin) = column.origin {
        json.raw(r#","origin":["#).number(origin.table.into());
        json.raw(",").number(origin.column.into()).raw("]");
    }
    json.raw("}");
}

/// Adds the cells of a row, whose brackets are not its own.
#[inline]
fn cells(json: &mut Json, row: &Row) {
    if !row.is_empty() {
        json.items(row.iter(), |json, cell| _ = json.text_or_null(cell));
    }
}

/// An outcome's name in records; `None` where nobody knows it.
fn outcome(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Ok => Some("ok"),
        Outcome::Error => Some("error"),
        Outcome::Unanswered => Some("unanswered"),
        Outcome::Oneway => Some("oneway"),
        Outcome::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::sync::Arc;

    use model::exchange::{Column, Exchange, Failure, Outcome, Text};
    use model::statement::Statement;
    use proptest::{collection, prop_assert_eq, proptest};
    use serde_json::{Value, json};

    use super::{KEPT, Last, Middles};
    use crate::json::Json;

    fn written(middles: &mut Middles, last: &mut Last, exchange: &Exchange) -> Value {
        let mut json = Json::default();
        middles.write(&mut json, br#"{"operation":""#, exchange, last);
        serde_json::from_slice(json.raw("]}").bytes()).unwrap()
    }

    /// Every way in which a statement is told.
    fn statement(kind: usize, shared: &[Text]) -> Statement {
        let mut statement = Statement::default();
        match kind {
            0 => {}
            1 => statement.write("own \"1\""),
            2 => statement.write("another own"),
            shares => statement.share(Arc::clone(&shared[shares % shared.len()])),
        }
        statement
    }

    proptest! {
        #[test]
        fn a_middle_is_the_same_whatever_was_told_before(
            told in collection::vec([0..3_usize, 0..6, 0..3, 0..4, 0..4, 0..3, 0..3, 0..4], 1..40),
        ) {
            let texts = ["SELECT \"x\"", "b", &"long".repeat(KEPT)].map(Text::from);
            let column = |at: usize| Column { name: at.to_string().into(), kind: "text".into(), table: None, origin: None };
            let columns = [0..0, 0..1, 1..3].map(|names| names.map(column).collect::<Arc<[_]>>());
            let words = [Cow::Borrowed("GET"), Cow::Borrowed("SELECT"), Cow::Owned("GET".to_owned())];
            let failure = Failure { code: "42".into(), message: "no".into() };
            let counts = [None, Some(0), Some(12_345)];
            let (mut middles, mut last) = (Middles::default(), Last::default());
            for [operation, worded, parameters, targets, shape, rows, affected, outcome] in told {
                let mut exchange = Exchange::default();
                let Exchange { request, response, .. } = &mut exchange;
                request.operation = words[operation].clone();
                request.statement = statement(worded, &texts);
                (0..parameters).for_each(|at| request.parameters.push(&at.to_string()));
                request.targets.extend_from_slice(&texts[..targets.min(2)]);
                request.targets.extend((targets == 3).then(|| "a new one".into()));
                response.columns = columns.get(shape).cloned();
                (response.rows, response.affected) = (counts[rows], counts[affected]);
                response.outcome = [Outcome::Ok, Outcome::Error, Outcome::Oneway, Outcome::Unknown][outcome];
                response.failure = (outcome == 1).then(|| Box::new(failure.clone()));
                let told = written(&mut middles, &mut last, &exchange);
                // Twice in a row, it is remembered with its head.
                prop_assert_eq!(&told, &written(&mut middles, &mut last, &exchange));
                prop_assert_eq!(&told, &written(&mut middles, &mut last, &exchange));
                prop_assert_eq!(&told, &written(&mut Middles::default(), &mut Last::default(), &exchange));
                prop_assert_eq!(&told["statement"], &json!(exchange.request.statement.as_deref()));
                prop_assert_eq!(&told["parameters"], &json!((0..parameters).map(|at| at.to_string()).collect::<Vec<_>>()));
                prop_assert_eq!([&told["rows"], &told["affected"]], [&json!(counts[rows]), &json!(counts[affected])]);
                let all = middles.0.iter().flatten().chain(last.begin.as_deref());
                let remembered = all.map(|middle| middle.json.len());
                assert!(remembered.max().is_none_or(|length| length <= KEPT));
            }
        }
    }

    #[test]
    fn what_frees_its_address_for_the_next_is_not_taken_for_it() {
        let (mut middles, mut last) = (Middles::default(), Last::default());
        let mut held = Vec::new();
        for round in 0..1024 {
            let mut exchange = Exchange::default();
            let target = Text::from(round.to_string());
            exchange.request.targets.push(Arc::clone(&target));
            for _ in 0..3 {
                assert_eq!(written(&mut middles, &mut last, &exchange)["targets"], json!([*target]));
            }
            held.extend((round % 2 == 0).then_some(target));
        }
    }
}
