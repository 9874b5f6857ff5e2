//! The details of a line of JSON, and a memory of the last ones: most say again what those before them said.

use std::sync::Arc;

use model::exchange::{Detail, Details, Named};

use crate::json::Json;

/// The details that one session told last, and how they were written.
///
/// They are remembered up to the first one of another group: behind it, some are written out of their turn.
#[derive(Debug, Default)]
pub(crate) struct Told {
    parts: Vec<Part>,
    json: Json,
}

#[derive(Debug)]
struct Part {
    said: Named,
    /// Where it ends in what was written.
    end: usize,
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
        let same = self.same([request.parts(), response.parts()].as_flattened());
        let open = if same < count {
            self.renew(json, request.iter().chain(response.iter()), same)
        } else {
            let last = self.parts.get(same - 1);
            json.append(self.json.bytes().get(..last.map_or(0, |last| last.end)).unwrap_or_default());
            last.and_then(|last| split(last.said.0).0)
        };
        json.raw(if open.is_some() { "}}" } else { "}" });
    }

    /// How many of these, from the first on, are those that were told last.
    fn same(&self, lists: &[&[Named]]) -> usize {
        let mut parts = &self.parts[..];
        for list in lists {
            let same = parts.iter().zip(*list).take_while(|(part, said)| part.is(said)).count();
            parts = parts.get(same..).unwrap_or_default();
            if same < list.len() {
                break;
            }
        }
        self.parts.len() - parts.len()
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
        let mut open = last.and_then(|last| split(last.said.0).0);
        let mut told = last.map_or(0, |last| last.end);
        json.append(self.json.bytes().get(..told).unwrap_or_default());
        let (mut kept, mut leading) = (same, true);
        for (at, said) in all.clone().enumerate().skip(same) {
            let known = if leading { self.parts.get_mut(at) } else { None };
            let from = told;
            told = known.as_ref().map_or(told, |part| part.end);
            // All that is remembered is of one group, and so is all that is written: what stands between is the same.
            if at > 0 && known.is_some_and(|part| part.is(said)) {
                json.append(self.json.bytes().get(from..told).unwrap_or_default());
            } else {
                let (group, name) = split(said.0);
                if at == 0 && self.parts.first().is_some_and(|part| split(part.said.0).0 != group) {
                    self.parts.clear();
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
                member(json, name, &said.1);
            }
            let end = json.len() - begin;
            leading = leading && end <= KEPT;
            if leading {
                kept = at + 1;
                match self.parts.get_mut(at) {
                    Some(part) if part.is(said) => part.end = end,
                    Some(part) => *part = Part { said: said.clone(), end },
                    None => self.parts.push(Part { said: said.clone(), end }),
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
}

/// Ends the object of a group, with those of `rest` that belong into it.
fn close<'a>(json: &mut Json, group: Option<&str>, rest: impl Iterator<Item = &'a Named>) {
    let Some(group) = group else { return };
    for (name, detail) in rest {
        if let (Some(of), name) = split(name)
            && of == group
        {
            member(json.raw(",\""), name, detail);
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

/// Adds a detail whose quote before the name is written.
fn member(json: &mut Json, name: &str, detail: &Detail) {
    json.raw(name).raw("\":");
    match detail {
        Detail::Text(text) => json.text(text),
        Detail::Number(number) => json.signed(*number),
    };
}

#[cfg(test)]
mod tests {
    use model::exchange::{Detail, Details, Named};
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
}
