//! The details of a line of JSON, and a memory of those that the exchanges of a session share.

use std::sync::Arc;

use model::details::{Detail, Details, Named};

use crate::json::Json;

/// The lists of details that the exchanges of one session shared last, of the request and of the response.
#[derive(Debug, Default)]
pub(crate) struct Told([Option<Written>; 2]);

/// A list that exchanges share, and how it was written.
#[derive(Debug, Default)]
struct Written {
    list: Arc<[Named]>,
    group: Group,
    /// Its members, each behind the other; to be used where they are all of one group.
    json: Json,
}

/// What stands before the dot in the names of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Group {
    /// There are no names.
    #[default]
    Any,
    /// The same before all.
    One(&'static str),
    /// Nothing.
    Plain,
    Mixed,
}

/// No longer JSON is remembered of a list: the head of a message.
const KEPT: usize = 2 << 10;

impl Told {
    /// Adds the details of both sides in one object; names with a dot (`http.status`) stand together in an object of
    /// their own (`http`).
    pub(crate) fn write(&mut self, json: &mut Json, request: &Details, response: &Details) {
        let sides = [request, response];
        if sides.iter().all(|side| side.is_empty()) {
            json.raw("{}");
            return;
        }
        let mut group = Group::default();
        for (known, side) in self.0.iter_mut().zip(sides) {
            let [_, own] = side.parts();
            group = group.and(Written::renew(known, side)).and(Group::of(own));
        }
        let members = self.0.iter().zip(sides);
        match group {
            Group::Any => _ = json.raw("{}"),
            Group::One(group) => {
                json.raw("{\"").raw(group).raw("\":{");
                write_alike(json, members);
                json.raw("}}");
            }
            Group::Plain => {
                json.raw("{");
                write_alike(json, members);
                json.raw("}");
            }
            Group::Mixed => write_mixed(json, request.iter().chain(response)),
        }
        self.0.iter_mut().for_each(|known| _ = known.take_if(|known| known.json.len() > KEPT));
    }
}

impl Written {
    /// Makes `known` the list that a side shares, and says of which group it is.
    #[inline]
    fn renew(known: &mut Option<Written>, side: &Details) -> Group {
        let Some(list) = side.shared() else {
            *known = None;
            return Group::Any;
        };
        let written = known.get_or_insert_default();
        if !Arc::ptr_eq(&written.list, list) {
            written.write(list);
        }
        written.group
    }

    /// Writes another list, in the same memory.
    #[inline(never)]
    fn write(&mut self, list: &Arc<[Named]>) {
        self.json.clear();
        self.json.items(list.iter(), member);
        (self.group, self.list) = (Group::of(list), Arc::clone(list));
    }
}

impl Group {
    #[inline]
    fn of(list: &[Named]) -> Group {
        list.iter()
            .fold(Group::Any, |group, (name, _)| group.and(split(name).0.map_or(Group::Plain, Group::One)))
    }

    /// That of two lists together.
    #[inline]
    fn and(self, other: Group) -> Group {
        match (self, other) {
            (Group::Any, group) | (group, Group::Any) => group,
            (ours, theirs) if ours == theirs => ours,
            _ => Group::Mixed,
        }
    }
}

/// Adds the members of lists that are of one group.
fn write_alike<'a>(json: &mut Json, sides: impl Iterator<Item = (&'a Option<Written>, &'a Details)>) {
    let mut between = "";
    for (shared, side) in sides {
        if let Some(Written { list, json: members, .. }) = shared
            && !list.is_empty()
        {
            json.raw(between).append(members.bytes());
            between = ",";
        }
        let [_, own] = side.parts();
        for said in own {
            member(json.raw(between), said);
            between = ",";
        }
    }
}

/// Adds members of several groups: those of each where its first one stands.
fn write_mixed<'a>(json: &mut Json, all: impl Iterator<Item = &'a Named> + Clone) {
    let of = |group: Option<&'static str>| move |(name, _): &&Named| split(name).0 == group;
    let firsts = all.clone().enumerate().filter(|(at, (name, _))| {
        let (group, _) = split(name);
        group.is_none() || !all.clone().take(*at).any(|said| of(group)(&said))
    });
    json.raw("{").items(firsts, |json, (at, said)| match split(said.0).0 {
        None => member(json, said),
        Some(group) => {
            json.raw("\"").raw(group).raw("\":{");
            json.items(all.clone().skip(at).filter(of(Some(group))), member);
            json.raw("}");
        }
    });
    json.raw("}");
}

/// Adds a detail by its name in its group.
#[inline]
fn member(json: &mut Json, (name, detail): &Named) {
    json.raw("\"").raw(split(name).1).raw("\":");
    match detail {
        Detail::Text(text) => json.text(text),
        Detail::Number(number) => json.signed(*number),
    };
}

/// The group of a name, and its name there.
fn split(name: &'static str) -> (Option<&'static str>, &'static str) {
    match name.split_once('.') {
        Some((group, name)) => (Some(group), name),
        None => (None, name),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::details::{Detail, Details, Named};
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
            for _ in 0..2 {
                assert_eq!(written(&mut told, request, response), expected(list.iter().cloned()));
            }
            assert!(told.0.iter().flatten().all(|known| known.json.len() <= KEPT));
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
