//! Rows (native_protocol_v5.spec 4.2.5.2).

use std::sync::Arc;

use model::details::Detail;
use model::exchange::{Response, Text};
use model::row::Row;

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader};

use super::shape::{Of, Pages, Shape, described};
use super::values::{CELL, MORE};
use super::wire::BODY;

/// So many rows of a result are kept for inspection.
const SAMPLES: u32 = 5;
/// Where a server says its own version, which drivers ask for first.
const ITSELF: &str = "system.local";
const VERSION: &str = "release_version";

/// What rows tell beside themselves.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Another shape than the one that was told when the statement was prepared.
    pub(super) news: Option<Arc<Shape>>,
    /// The server's version.
    pub(super) version: Option<Text>,
}

/// Reads rows, of whose shape this is `known`.
pub(super) fn rows(
    body: &mut Reader<'_>,
    answer: &mut Response,
    known: Option<&Arc<Shape>>,
    wire: &mut Reader<'_>,
) -> Read<Told> {
    let described = described(Of::Rows, body, wire)?;
    let mut told = Told::default();
    if described.is_news {
        told.news.clone_from(&described.shape);
    }
    let width = usize::try_from(described.width).unwrap_or(usize::MAX);
    let shape = described.shape.as_ref().or(known).filter(|shape| shape.width() == width);
    if let Some(shape) = shape {
        answer.share_columns(&shape.columns);
    }
    if described.pages == Pages::More {
        answer.details.push(("pages", Detail::from("more")));
    }
    let count = body.be32()?;
    answer.rows = Some(count.into());
    for _ in 0..count.min(SAMPLES) {
        let cells = answer.samples.begin(0);
        let read = row(body, cells, shape, width);
        answer.samples.end();
        match read {
            // The rest was not kept.
            Err(Stop::Short) if body.ahead() != Ahead::End => break,
            read => read?,
        }
    }
    let is_itself = shape.is_some_and(|shape| shape.table.as_deref() == Some(ITSELF));
    if let Some(shape) = shape.filter(|_| is_itself) {
        let place = shape.columns.iter().position(|column| *column.name == *VERSION);
        let first = answer.samples.iter().next();
        told.version = place.and_then(|place| first?.nth(place)?).map(Text::from);
    }
    Ok(told)
}

fn row(body: &mut Reader<'_>, cells: &mut Row, shape: Option<&Arc<Shape>>, width: usize) -> Read<()> {
    for at in 0..width {
        let Ok(length) = u64::try_from(body.be32()?.cast_signed()) else {
            cells.push_null();
            continue;
        };
        // Of a long value, its beginning is kept.
        let value = body.sample(length, BODY)?;
        if value.is_cut() && value.bytes.len() < CELL {
            cells.push_with(|out| out.push(MORE));
        } else {
            Shape::push(shape, at, value.bytes, cells);
        }
    }
    Ok(())
}
