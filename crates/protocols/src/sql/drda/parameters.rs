//! The values of a statement's parameters: SQLDTA, and EXTDTA for long ones (DRDA, "SQLDTA").

use std::collections::VecDeque;

use model::exchange::Request;

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader, Sample};
use crate::sql::secrets::MASK;

use super::card::NULL;
use super::codes::data;
use super::kinds::{Kind, described};
use super::manner::Manner;
use super::values::{self, MORE};
use super::wire::objects;

/// The values of one execution, of which long ones come behind the others.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    values: Vec<Option<String>>,
    /// Those that come behind, in order.
    apart: VecDeque<(usize, Kind)>,
    /// How many there are, where not all of them were kept.
    cut: Option<u64>,
}

impl Parameters {
    /// Reads what a client bound; `secrets` are the places, from 1, of those that nobody may keep.
    pub(super) fn read(said: &Sample<'_>, secrets: &[u16], manner: Manner) -> Parameters {
        let mut parameters = Parameters::default();
        let mut kinds = Vec::new();
        for (code, object) in objects(said.bytes, said.length) {
            match code {
                data::FDODSC => kinds = described(object.bytes).unwrap_or_default(),
                data::FDODTA => {
                    let mut wire = Reader::new(object.bytes, 0, Ahead::End);
                    if parameters.row(&kinds, secrets, manner, &mut wire).is_err() {
                        parameters.cut = Some(kinds.len() as u64);
                    }
                }
                _ => {}
            }
        }
        parameters
    }

    fn row(&mut self, kinds: &[Kind], secrets: &[u16], manner: Manner, wire: &mut Reader<'_>) -> Read<()> {
        if wire.u8()? == NULL {
            return Ok(());
        }
        for (kind, place) in kinds.iter().zip(1_u16..) {
            let value = kind.take(wire)?;
            let is_apart = kind.is_apart() && value.is_some_and(|size| size.iter().any(|byte| *byte != 0));
            let is_secret = secrets.contains(&place);
            if is_apart && !is_secret {
                self.apart.push_back((self.values.len(), *kind));
            }
            self.values.push(value.map(|bytes| match (is_secret, kind.is_apart()) {
                (true, _) => MASK.to_owned(),
                (false, true) if is_apart => MORE.to_string(),
                (false, true) => String::new(),
                (false, false) => {
                    let mut text = String::new();
                    values::write(&mut text, *kind, bytes, manner);
                    text
                }
            }));
        }
        Ok(())
    }

    /// One of the long values came.
    pub(super) fn came(&mut self, said: &Sample<'_>, manner: Manner) {
        let Some((place, kind)) = self.apart.pop_front() else { return };
        let bytes = match (kind.may_be_null, said.bytes) {
            (true, [_, bytes @ ..]) => bytes,
            (_, bytes) => bytes,
        };
        if let Some(value) = self.values.get_mut(place) {
            let mut text = String::new();
            values::write_long(&mut text, kind.number, bytes, manner);
            if said.is_cut() && !text.ends_with(MORE) {
                text.push(MORE);
            }
            *value = Some(text);
        }
    }

    /// Shows the values in a request: how many they truly are, where not all of them are there.
    pub(super) fn show(self, request: &mut Request) -> Option<u64> {
        for value in &self.values {
            match value {
                Some(text) => request.parameters.push(text),
                None => request.parameters.push_null(),
            }
        }
        self.cut
    }
}
