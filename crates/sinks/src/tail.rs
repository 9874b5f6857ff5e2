//! The tail of a line of JSON: how sure what was told is, and the details.

use std::sync::Arc;

use model::conn::Paired;
use model::details::{Detail, Details, Named};
use model::event::Cause;
use model::exchange::{Completeness, Exchange};

use crate::echo::Echo;
use crate::json::Json;

/// The tail of the line before, but for what its exchange said alone: most exchanges of a session share the rest.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    complete: Completeness,
    paired: Option<Paired>,
    /// What the request shared with others, and what the response did.
    shared: [Option<Arc<[Named]>>; 2],
    /// The names of what the request said alone, and behind them of what the response did.
    own: Vec<&'static str>,
    /// How many of these were the request's.
    asked: usize,
    json: Json,
    /// Where the values of `own` belong, from the first place to the last.
    holes: Vec<Hole>,
}

/// A place that a value belongs to.
#[derive(Debug)]
struct Hole {
    at: usize,
    /// The value's place among those that an exchange says alone.
    own: usize,
    /// What those that stood here have in common.
    echo: Echo,
}

/// A detail on its way into JSON.
struct Member<'a> {
    group: Option<&'static str>,
    name: &'static str,
    /// The place of the first of its group.
    rank: usize,
    value: Value<'a>,
}

enum Value<'a> {
    Shared(&'a Detail),
    /// One of those that an exchange says alone.
    Own(usize),
}

/// No longer JSON is remembered: it has the heads of two messages.
const KEPT: usize = 4 << 10;

impl Tail {
    /// Adds what comes behind the measures of a line.
    #[inline]
    pub(crate) fn write(&mut self, json: &mut Json, exchange: &Exchange, paired: Option<Paired>) {
        if self.is_of(exchange, paired) {
            self.tell(json, exchange);
        } else {
            self.write_anew(json, exchange, paired);
        }
    }

    #[inline(never)]
    fn write_anew(&mut self, json: &mut Json, exchange: &Exchange, paired: Option<Paired>) {
        self.renew(exchange, paired);
        self.tell(json, exchange);
        if self.json.len() > KEPT {
            *self = Tail::default();
        }
    }

    /// Whether what was written is true of this exchange too, but for the values that it says alone.
    #[inline(always)]
    fn is_of(&self, exchange: &Exchange, paired: Option<Paired>) -> bool {
        let Exchange { request, response, completeness, .. } = exchange;
        let [of_request, of_response] = &self.shared;
        self.complete == *completeness
            && self.paired == paired
            && is_same(of_request, request.details.shared())
            && is_same(of_response, response.details.shared())
            && self.is_named(alone(exchange))
            && !self.json.is_empty()
    }

    #[inline(always)]
    fn is_named(&self, [asked, answered]: [&[Named]; 2]) -> bool {
        if self.own.is_empty() {
            return asked.is_empty() && answered.is_empty();
        }
        let Some((of_request, of_response)) = self.own.split_at_checked(asked.len()) else { return false };
        self.asked == asked.len() && are_named(of_request, asked) && are_named(of_response, answered)
    }

    /// Adds it with what is this exchange's alone.
    #[inline(always)]
    fn tell(&mut self, json: &mut Json, exchange: &Exchange) {
        let (mut all, mut told) = (self.json.bytes(), 0);
        for hole in &mut self.holes {
            let (before, behind) = all.split_at(hole.at - told);
            json.append(before);
            (all, told) = (behind, hole.at);
            let [asked, answered] = alone(exchange);
            if let Some((_, detail)) = asked.get(hole.own).or_else(|| answered.get(hole.own - self.asked)) {
                own_value(json, detail, &mut hole.echo);
            }
        }
        json.append(all);
    }

    /// Becomes that of another exchange, in the same memory.
    #[inline(never)]
    fn renew(&mut self, exchange: &Exchange, paired: Option<Paired>) {
        (self.complete, self.paired) = (exchange.completeness, paired);
        let sides = [&exchange.request.details, &exchange.response.details];
        self.shared = sides.map(|side| side.shared().cloned());
        self.own.clear();
        self.holes.clear();
        self.json.clear();
        certainty(&mut self.json, self.complete, self.paired);
        self.json.raw(r#","findings":[],"details":"#);
        self.details(sides);
        self.json.raw("}\n");
    }

    /// Adds the details of both sides in one object; names with a dot (`http.status`) stand together in an object of
    /// their own (`http`).
    fn details(&mut self, sides: [&Details; 2]) {
        let Tail { own, asked, json, holes, .. } = self;
        let parts = sides.map(Details::parts);
        *asked = parts[0][1].len();
        let mut members: Vec<Member<'_>> = Vec::with_capacity(sides.map(Details::len).iter().sum());
        for [shared, alone] in parts {
            members.extend(shared.iter().map(|(name, detail)| Member::of(name, Value::Shared(detail))));
            for (name, _) in alone {
                members.push(Member::of(name, Value::Own(own.len())));
                own.push(name);
            }
        }
        for at in 0..members.len() {
            let group = members[at].group;
            let first = members[..at].iter().position(|before| group.is_some() && before.group == group);
            members[at].rank = first.unwrap_or(at);
        }
        members.sort_by_key(|member| member.rank);
        json.raw("{").items(members.chunk_by(|one, next| one.rank == next.rank), |json, alike| {
            let group = alike.first().and_then(|member| member.group);
            if let Some(group) = group {
                json.raw("\"").raw(group).raw("\":{");
            }
            json.items(alike.iter(), |json, member| member.write(json, holes));
            if group.is_some() {
                json.raw("}");
            }
        });
        json.raw("}");
    }
}

/// Whether both are one list, or none.
#[inline]
fn is_same(ours: &Option<Arc<[Named]>>, theirs: Option<&Arc<[Named]>>) -> bool {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => Arc::ptr_eq(ours, theirs),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Whether what was said alone has these names.
#[inline]
fn are_named(names: &[&'static str], said: &[Named]) -> bool {
    names.len() == said.len() && names.iter().zip(said).all(|(name, said)| std::ptr::eq(*name, said.0))
}

/// What the request says alone, and what the response does.
#[inline]
fn alone(exchange: &Exchange) -> [&[Named]; 2] {
    let ([_, asked], [_, answered]) = (exchange.request.details.parts(), exchange.response.details.parts());
    [asked, answered]
}

fn certainty(json: &mut Json, complete: Completeness, paired: Option<Paired>) {
    let ok = complete == Completeness::default();
    json.raw(r#","complete":{"ok":"#).raw(if ok { "true" } else { "false" });
    json.raw(r#","lost_bytes":"#).number(complete.lost_bytes);
    json.raw(r#","cause":"#).text_or_null(complete.cause.map(Cause::name));
    json.raw(r#"},"paired":"#).raw(match paired {
        Some(Paired::Certain) => r#""certain""#,
        Some(Paired::Likely) => r#""likely""#,
        Some(Paired::Guessed) => r#""guessed""#,
        None => "null",
    });
}

impl<'a> Member<'a> {
    fn of(name: &'static str, value: Value<'a>) -> Self {
        let (group, name) = split(name);
        Member { group, name, rank: 0, value }
    }

    fn write(&self, json: &mut Json, holes: &mut Vec<Hole>) {
        json.raw("\"").raw(self.name).raw("\":");
        match self.value {
            Value::Shared(detail) => value(json, detail),
            Value::Own(own) => holes.push(Hole { at: json.len(), own, echo: Echo::default() }),
        }
    }
}

fn value(json: &mut Json, detail: &Detail) {
    match detail {
        Detail::Text(text) => json.text(text),
        Detail::Number(number) => json.signed(*number),
    };
}

/// The same of a value that stands where others of its name stood.
#[inline(always)]
fn own_value(json: &mut Json, detail: &Detail, echo: &mut Echo) {
    match detail {
        Detail::Text(text) => {
            json.raw("\"");
            echo.tell(json, text);
            json.raw("\"");
        }
        Detail::Number(number) => _ = json.signed(*number),
    }
}

/// The group of a name, and its name there.
fn split(name: &'static str) -> (Option<&'static str>, &'static str) {
    let dot = name.bytes().position(|byte| byte == b'.');
    let split = dot.and_then(|dot| Some((name.get(..dot)?, name.get(dot + 1..)?)));
    split.map_or((None, name), |(group, name)| (Some(group), name))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::conn::Paired;
    use model::details::{Detail, Details, Named};
    use model::event::Cause;
    use model::exchange::{Completeness, Exchange};
    use proptest::{collection, prop_assert_eq, proptest};
    use serde_json::{Value, json};

    use super::{KEPT, Tail};
    use crate::json::Json;

    fn line(tail: &mut Tail, exchange: &Exchange, paired: Option<Paired>) -> Value {
        let mut json = Json::default();
        tail.write(json.raw(r#"{"at":0"#), exchange, paired);
        serde_json::from_slice(json.bytes()).unwrap()
    }

    fn written(tail: &mut Tail, request: &[Named], response: &[Named]) -> Value {
        let mut exchange = Exchange::default();
        exchange.request.details.share(request.into());
        exchange.response.details.extend(response.iter().cloned());
        line(tail, &exchange, None)["details"].take()
    }

    /// The same, put together member by member.
    fn expected(all: impl Iterator<Item = Named>) -> Value {
        let mut object = json!({});
        for (name, detail) in all {
            let value = match detail {
                Detail::Text(text) => json!(&*text),
                Detail::Number(number) => json!(number),
            };
            match name.split_once('.') {
                Some((group, name)) => object[group][name] = value,
                None => object[name] = value,
            }
        }
        object
    }

    #[test]
    fn groups_stand_together_wherever_their_members_do() {
        let all: [Named; 6] = [
            ("a.x", 1.into()),
            ("plain", 2.into()),
            ("b.x", 3.into()),
            ("a.y", 4.into()),
            ("b.y", 5.into()),
            ("other", 6.into()),
        ];
        let expected = json!({"a": {"x": 1, "y": 4}, "plain": 2, "b": {"x": 3, "y": 5}, "other": 6});
        let mut tail = Tail::default();
        for cut in 0..=all.len() {
            let (request, response) = all.split_at(cut);
            assert_eq!(written(&mut tail, request, response), expected);
        }
        assert_eq!(written(&mut tail, &[], &[]), json!({}));
    }

    #[test]
    fn what_changed_is_told_anew_and_what_did_not_as_before() {
        let long = "\"".repeat(KEPT);
        let texts = ["", "a", "\"\r\n", &long];
        let names = ["g.a", "g.b", "h.a", "plain"];
        let mut tail = Tail::default();
        // Each list differs from the one before in names, in values, in its length, or not at all.
        for seed in 0..4096_usize {
            let said = |at: usize| -> Named {
                let bits = seed >> (3 * at) & 7;
                (names[bits % 4], Detail::from(texts[(bits / 4 + at) % 4]))
            };
            let list: Vec<Named> = (0..seed % 7).map(said).collect();
            let (request, response) = list.split_at(list.len() / 2);
            for _ in 0..2 {
                assert_eq!(written(&mut tail, request, response), expected(list.iter().cloned()));
            }
            assert!(tail.json.len() <= KEPT);
        }
    }

    proptest! {
        #[test]
        fn a_tail_is_the_same_whatever_was_told_before(
            told in collection::vec([0..6_usize, 0..4, 0..6, 0..4, 0..2, 0..4], 1..30),
        ) {
            let long = "x".repeat(KEPT);
            let lists: [&[Named]; 6] = [
                &[],
                &[("g.a", "1".into())],
                &[("g.a", "1".into()), ("g.b", "2".into())],
                &[("g.a", "1".into()), ("g.b", "3".into()), ("g.c", long.as_str().into())],
                &[("h.a", "1".into()), ("plain", 4.into())],
                &[("plain", 4.into()), ("h.a", "1".into())],
            ];
            let shared = lists.map(Arc::<[Named]>::from);
            let body = |at: usize| format!("\"{at}\"{}", "\"\r\n".repeat(50 * at));
            let side = |list: usize, own: usize| {
                let mut side = Details::new();
                side.share(Arc::clone(&shared[list]));
                side.extend((own > 0).then(|| ("g.body", body(own).as_str().into())));
                side
            };
            let losses = [Completeness::default(), Completeness { lost_bytes: 7, cause: Some(Cause::Cap) }];
            let pairs = [None, Some(Paired::Certain), Some(Paired::Likely), Some(Paired::Guessed)];
            let mut tail = Tail::default();
            for [request, sent, response, answered, lost, paired] in told {
                let mut exchange = Exchange { completeness: losses[lost], ..Exchange::default() };
                exchange.request.details = side(request, sent);
                exchange.response.details = side(response, answered);
                let told = line(&mut tail, &exchange, pairs[paired]);
                prop_assert_eq!(&told, &line(&mut Tail::default(), &exchange, pairs[paired]));
                prop_assert_eq!(&told["complete"]["lost_bytes"], &json!(losses[lost].lost_bytes));
                prop_assert_eq!(&told["paired"], &json!([None, Some("certain"), Some("likely"), Some("guessed")][paired]));
            }
        }
    }
}
