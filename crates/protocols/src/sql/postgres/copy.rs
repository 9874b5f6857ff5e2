//! `COPY`: data that one side streams to the other in the midst of a query.

use model::exchange::Response;

use crate::kit::protocol::{Heard, Read};
use crate::kit::reader::{Reader, Sample};

use super::answer::{Answer, wants_sample};
use super::answered::REPORT;
use super::session::{Due, Postgres, Telling, Then};
use super::shape::CELL;
use super::values::{self, Form};

/// Which way `COPY` moves data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From the client to the server.
    In,
    /// From the server to the client.
    Out,
    /// Both ways: replication.
    Both,
}

/// A `COPY` that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Copy {
    pub(super) way: Way,
    pub(super) binary: bool,
}

impl Postgres {
    pub(super) fn copy_begins(&mut self, way: Way, body: u64, wire: &mut Reader<'_>) -> Read<Heard> {
        let sample = wire.sample(body, REPORT)?;
        let binary = sample.bytes.first() == Some(&1);
        match self.due.front_mut() {
            Some(Due::Query) => self.answer.begin_copy(Copy { way, binary }),
            Some(Due::Execute(_, _, then)) => {
                self.answer.begin_copy(Copy { way, binary });
                if way != Way::Out {
                    // The server passes over a Sync that it finds where data is due.
                    *then = Then::Next;
                    while let Some(Due::Sync(Telling::Silent)) = self.due.get(1) {
                        self.due.remove(1);
                    }
                }
            }
            _ => {}
        }
        Ok(self.part())
    }

    pub(super) fn copy_out(&mut self, body: u64, wire: &mut Reader<'_>) -> Read<Heard> {
        match self.answer.copy() {
            Some(copy) => {
                let sample = if wants_sample(wire.answer()) { Some(wire.sample(body, CELL)?) } else { None };
                if sample.is_none() {
                    wire.skip(body);
                }
                self.answer.copied(copy, sample, body, wire.answer());
            }
            None => wire.skip(body),
        }
        Ok(self.part())
    }

    pub(super) fn is_copying_in(&self) -> bool {
        self.answer.copy().is_some_and(|copy| copy.way != Way::Out)
    }

    pub(super) fn copy_in(&mut self, body: u64, wire: &mut Reader<'_>) -> Read<Heard> {
        match self.answer.copy() {
            Some(copy) if copy.way != Way::Out => {
                let sample = if wants_sample(wire.answer()) { Some(wire.sample(body, CELL)?) } else { None };
                if sample.is_none() {
                    wire.skip(body);
                }
                self.answer.copied(copy, sample, body, wire.answer());
            }
            Some(_) | None => wire.skip(body),
        }
        Ok(Heard::Nothing)
    }
}

impl Answer {
    /// A piece of copied data passed.
    pub(super) fn copied(
        &mut self,
        copy: Copy,
        sample: Option<Sample<'_>>,
        length: u64,
        response: Option<&mut Response>,
    ) {
        self.count_copied(length);
        self.running += u64::from(copy.way != Way::In);
        let (Some(sample), Some(response)) = (sample, response) else { return };
        let form = if copy.binary { Form::Binary } else { Form::Text };
        let line = if copy.binary { sample.bytes } else { sample.bytes.trim_ascii_end() };
        response.samples.add(line.len(), |row| {
            row.push_with(|text| values::write(text, 0, form, line, CELL));
        });
    }
}
