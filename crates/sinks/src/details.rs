//! The details of a line of JSON, and a memory of the last ones: most say again what those before them said.

use std::sync::Arc;

use model::exchange::{Detail, Details, Named};

use crate::blocks::Blocks;
use crate::json::Json;

/// The details that one session told last, and how they were written.
///
/// They are remembered up to the first one of another group: behind it, some are written out of their turn.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// What all that is remembered is of.
    group: Option<&'static str>,
    parts: Vec<Part>,
    json: Json,
    /// The lists among them that exchanges share, of the request and of the response, and where each begins.
    shared: [Option<(usize, Arc<[Named]>)>; 2],
}

#[derive(Debug)]
struct Part {
    said: Named,
    /// Where its value begins in what was written.
    value: usize,
    /// Where it ends there.
    end: usize,
    blocks: Blocks,
}

/// No more JSON is remembered of one session: the heads of two messages, and a short body.
const KEPT: usize = 4 << 10;

impl Told {
    /// Adds the details of both sides in one object; names with a dot (`http.status`) stand together in an object of
    /// their own (`http`).
    pub(crate) fn write(&mut self, json: &mut Json, request: &Details, response: &Details) {
        let count = request.len() + response.len();
        if count == 0 {
            json.raw("{}");
            return;
        }
        let same = self.same([request, response]);
        let open = if same < count {
            let open = self.renew(json, request.iter().chain(response.iter()), same);
            self.share(0, 0, request);
            self.share(1, request.len(), response);
            open
        } else {
            let end = self.parts.get(same - 1).map_or(0, |last| last.end);
            json.append(self.json.bytes().get(..end).unwrap_or_default());
            self.group
        };
        json.raw(if open.is_some() { "}}" } else { "}" });
    }

    /// How many of these, from the first on, are those that were told last.
    fn same(&self, sides: [&Details; 2]) -> usize {
        let mut same = 0;
        for (side, known) in sides.into_iter().zip(&self.shared) {
            let [shared, own] = side.parts();
            let lists = if is_at(known.as_ref(), same, side) {
                same += shared.len();
                [&[], own]
            } else {
                [shared, own]
            };
            for list in lists {
                let parts = self.parts.get(same..).unwrap_or_default();
                let found = parts.iter().zip(list).take_while(|(part, said)| part.is(said)).count();
                same += found;
                if found < list.len() {
                    return same.min(self.parts.len());
                }
            }
        }
        same.min(self.parts.len())
    }

    /// Remembers the list that a side shares and that begins there.
    fn share(&mut self, side: usize, at: usize, details: &Details) {
        if let Some(known) = self.shared.get_mut(side)
            && !is_at(known.as_ref(), at, details)
        {
            *known = details.shared().map(|list| (at, Arc::clone(list)));
        }
    }

    /// Adds details of which the first `same` are remembered, remembers them instead, and says which group's object is
    /// open then.
    fn renew<'a>(
        &mut self,
        json: &mut Json,
        all: impl Iterator<Item = &'a Named> + Clone,
        same: usize,
    ) -> Option<&'static str> {
        let begin = json.len();
        let last = same.checked_sub(1).and_then(|last| self.parts.get(last));
        let mut open = last.and(self.group);
        let mut told = last.map_or(0, |last| last.end);
        json.append(self.json.bytes().get(..told).unwrap_or_default());
        let (mut kept, mut leading) = (same, true);
        for (at, said) in all.clone().enumerate().skip(same) {
            let known = if leading { self.parts.get_mut(at) } else { None };
            let from = told;
            told = known.as_ref().map_or(told, |part| part.end);
            let value;
            // All that is remembered is of one group, and so is all that is written: what stands between is the same.
            if let Some(part) = known.filter(|part| std::ptr::eq(part.said.0, said.0)) {
                open = self.group;
                value = json.len() - begin + part.value - from;
                part.write(json, said, self.json.bytes(), from);
            } else {
                let (group, name) = split(said.0);
                if at == 0 && self.group != group {
                    self.parts.clear();
                    self.group = group;
                }
                if at > 0 && group != open {
                    leading = false;
                    close(json, open.take(), all.clone().skip(at));
                    if group.is_some() && all.clone().take(at).any(|(before, _)| split(before).0 == group) {
                        continue;
                    }
                }
                json.raw(if at == 0 { "{\"" } else { ",\"" });
                if let Some(group) = group.filter(|_| open.is_none()) {
                    json.raw(group).raw("\":{\"");
                }
                open = group;
                json.raw(name).raw("\":");
                value = json.len() - begin;
                detail(json, &said.1);
            }
            let end = json.len() - begin;
            leading = leading && end <= KEPT;
            if leading {
                kept = at + 1;
                match self.parts.get_mut(at) {
                    Some(part) => part.renew(said, value, end),
                    None => {
                        let said = said.clone();
                        self.parts.push(Part { said, value, end, blocks: Blocks::default() });
                    }
                }
            }
        }
        self.parts.truncate(kept);
        let kept = self.parts.last().map_or(0, |last| last.end);
        self.json.clear();
        self.json.append(json.bytes().get(begin..begin + kept).unwrap_or_default());
        open
    }
}

/// Whether this is the list that a side shares, and begins there.
#[inline]
fn is_at(known: Option<&(usize, Arc<[Named]>)>, at: usize, side: &Details) -> bool {
    match (known, side.shared()) {
        (Some((begins, known)), Some(list)) => *begins == at && Arc::ptr_eq(known, list),
        (None, _) | (_, None) => false,
    }
}

impl Part {
    /// Whether it says this. Names are compared by where they stand: each has its one place in the program.
    #[inline]
    fn is(&self, said: &Named) -> bool {
        std::ptr::eq(self.said.0, said.0)
            && match (&self.said.1, &said.1) {
                (Detail::Text(ours), Detail::Text(theirs)) => Arc::ptr_eq(ours, theirs) || ours == theirs,
                (ours, theirs) => ours == theirs,
            }
    }

    /// Adds what has its name, in its place; `written` is how all was written, where this one stands from `from` on.
    fn write(&mut self, json: &mut Json, said: &Named, written: &[u8], from: usize) {
        if self.is(said) {
            json.append(written.get(from..self.end).unwrap_or_default());
            return;
        }
        json.append(written.get(from..self.value).unwrap_or_default());
        match (&self.said.1, &said.1) {
            (Detail::Text(last), Detail::Text(text)) => {
                let written = written.get(self.value + 1..self.end - 1).unwrap_or_default();
                json.raw("\"");
                self.blocks.write(json, text.as_bytes(), last.as_bytes(), written);
                json.raw("\"");
            }
            (_, told) => {
                self.blocks = Blocks::default();
                detail(json, told);
            }
        }
    }

    /// Remembers this instead.
    fn renew(&mut self, said: &Named, value: usize, end: usize) {
        if !std::ptr::eq(self.said.0, said.0) {
            self.blocks = Blocks::default();
        }
        if !self.is(said) {
            self.said = said.clone();
        }
        (self.value, self.end) = (value, end);
    }
}

/// Ends the object of a group, with those of `rest` that belong into it.
fn close<'a>(json: &mut Json, group: Option<&str>, rest: impl Iterator<Item = &'a Named>) {
    let Some(group) = group else { return };
    for (name, detail) in rest {
        if let (Some(of), name) = split(name)
            && of == group
        {
            json.raw(",\"").raw(name).raw("\":");
            self::detail(json, detail);
        }
    }
    json.raw("}");
}

/// The group of a name, and its name there.
fn split(name: &'static str) -> (Option<&'static str>, &'static str) {
    match name.split_once('.') {
        Some((group, name)) => (Some(group), name),
        None => (None, name),
    }
}

/// Adds the value of a detail.
fn detail(json: &mut Json, detail: &Detail) {
    match detail {
        Detail::Text(text) => json.text(text),
        Detail::Number(number) => json.signed(*number),
    };
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::exchange::{Detail, Details, Named};
    use proptest::{collection, prop_assert_eq, proptest};
    use serde_json::{Value, json};

    use super::{KEPT, Told};
    use crate::json::Json;

    fn written(told: &mut Told, request: &[Named], response: &[Named]) -> Value {
        let mut json = Json::default();
        let mut details = [Details::new(), Details::new()];
        let [request_details, response_details] = &mut details;
        request_details.share(request.into());
        response_details.extend(response.iter().cloned());
        told.write(&mut json, request_details, response_details);
        serde_json::from_slice(json.bytes()).unwrap()
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
        let mut told = Told::default();
        for cut in 0..=all.len() {
            let (request, response) = all.split_at(cut);
            assert_eq!(written(&mut told, request, response), expected);
        }
        assert_eq!(written(&mut told, &[], &[]), json!({}));
    }

    #[test]
    fn what_changed_is_told_anew_and_what_did_not_as_before() {
        let long = "\"".repeat(KEPT);
        let texts = ["", "a", "\"\r\n", &long];
        let names = ["g.a", "g.b", "h.a", "plain"];
        let mut told = Told::default();
        // Each list differs from the one before in names, in values, in its length, or not at all.
        for seed in 0..4096_usize {
            let said = |at: usize| -> Named {
                let bits = seed >> (3 * at) & 7;
                (names[bits % 4], Detail::from(texts[(bits / 4 + at) % 4]))
            };
            let list: Vec<Named> = (0..seed % 7).map(said).collect();
            let (request, response) = list.split_at(list.len() / 2);
            let fresh = written(&mut Told::default(), request, response);
            for _ in 0..2 {
                assert_eq!(written(&mut told, request, response), fresh);
            }
            assert!(told.json.bytes().len() <= KEPT);
        }
    }

    proptest! {
        #[test]
        fn lists_that_exchanges_share_are_told_as_any(
            told in collection::vec([0..6_usize, 0..4, 0..6, 0..4], 1..30),
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
            let mut again = Told::default();
            for [request, sent, response, answered] in told {
                let sides = [side(request, sent), side(response, answered)];
                let mut json = [Json::default(), Json::default()];
                again.write(&mut json[0], &sides[0], &sides[1]);
                Told::default().write(&mut json[1], &sides[0], &sides[1]);
                prop_assert_eq!(str::from_utf8(json[0].bytes()), str::from_utf8(json[1].bytes()));
            }
        }
    }
}
