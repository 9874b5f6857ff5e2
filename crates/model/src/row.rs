//! A row of values, as text, in one piece of memory.

/// A row of cells, each a text or null: parameters of a statement, or one row of a result.
///
/// The texts stand one behind the other in one allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    text: String,
    /// Where each cell's text ends.
    ends: Vec<u32>,
}

/// The bit of an end that says that its cell is null; no row holds so much text.
const NULL: u32 = 1 << 31;

/// Room for so many bytes of text stays with a row that is cleared: a few rows of a hundred bytes each.
const TEXT: usize = 2 << 10;
/// Room for so many cells stays too.
const KEPT: usize = 512;

impl Row {
    /// Adds a text.
    #[inline]
    pub fn push(&mut self, cell: &str) {
        self.push_with(|text| text.push_str(cell));
    }

    /// Adds the text that `write` appends to what it is given.
    #[inline]
    pub fn push_with(&mut self, write: impl FnOnce(&mut String)) {
        write(&mut self.text);
        self.ends.push(self.end());
    }

    /// Adds a null.
    pub fn push_null(&mut self) {
        self.ends.push(self.end() | NULL);
    }

    /// Forgets all cells, and keeps their memory if that is small.
    #[inline]
    pub fn clear(&mut self) {
        if self.ends.is_empty() {
            return;
        }
        self.text.clear();
        self.ends.clear();
        if self.text.capacity() > TEXT || self.ends.capacity() > KEPT {
            *self = Row::default();
        }
    }

    /// How many cells there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no cell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes of text that the cells hold together.
    #[must_use]
    pub fn size(&self) -> usize {
        self.text.len()
    }

    /// The cells in order; `None` is null.
    pub fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        self.cells(0, self.len())
    }

    /// The cells from one to before another.
    fn cells(&self, from: usize, to: usize) -> impl Iterator<Item = Option<&str>> {
        let before = from.checked_sub(1).and_then(|last| self.ends.get(last));
        let mut begin = before.map_or(0, |end| (end & !NULL) as usize);
        self.ends.get(from..to).unwrap_or_default().iter().map(move |end| {
            let to = (end & !NULL) as usize;
            let cell = self.text.get(std::mem::replace(&mut begin, to)..to);
            cell.filter(|_| end & NULL == 0)
        })
    }

    #[inline]
    fn end(&self) -> u32 {
        u32::try_from(self.text.len()).unwrap_or(u32::MAX) & !NULL
    }
}

/// Some rows, whose texts stand one behind the other in one allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    cells: Row,
    /// How many cells there are up to the end of each row.
    ends: Vec<u32>,
}

impl Rows {
    /// Adds a row of the cells that `fill` adds to what it is given; `room` bytes of text are expected.
    #[inline]
    pub fn add(&mut self, room: usize, fill: impl FnOnce(&mut Row)) {
        fill(self.begin(room));
        self.end();
    }

    /// Begins a row, of which `room` bytes of text are expected: what is added to what comes back is its cells, up to
    /// [`Rows::end`].
    #[inline]
    pub fn begin(&mut self, room: usize) -> &mut Row {
        self.cells.text.reserve(room);
        &mut self.cells
    }

    /// Ends a row.
    #[inline]
    pub fn end(&mut self) {
        self.ends.push(u32::try_from(self.cells.len()).unwrap_or(u32::MAX));
    }

    /// Forgets all rows, and keeps their memory if that is small.
    #[inline]
    pub fn clear(&mut self) {
        if self.ends.is_empty() {
            return;
        }
        self.cells.clear();
        self.ends.clear();
        if self.ends.capacity() > KEPT {
            *self = Rows::default();
        }
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The rows in order, each as its cells.
    pub fn iter(&self) -> impl Iterator<Item = impl Iterator<Item = Option<&str>>> {
        let mut from = 0;
        self.ends.iter().map(move |end| {
            let to = *end as usize;
            self.cells.cells(std::mem::replace(&mut from, to), to)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Row, Rows};

    #[test]
    fn rows_share_a_text_and_keep_their_cells() {
        let mut rows = Rows::default();
        rows.add(2, |row| {
            row.push("a");
            row.push_null();
        });
        rows.add(0, |_| {});
        rows.add(1, |row| row.push("b"));
        let cells: Vec<Vec<_>> = rows.iter().map(Iterator::collect).collect();
        assert_eq!(cells, [vec![Some("a"), None], vec![], vec![Some("b")]]);
    }

    #[test]
    fn cells_come_back_in_order_with_nulls_between() {
        let mut row = Row::default();
        row.push("a");
        row.push_null();
        row.push("");
        row.push_with(|text| text.push_str("long"));
        assert_eq!(row.iter().collect::<Vec<_>>(), [Some("a"), None, Some(""), Some("long")]);
        assert_eq!(row.len(), 4);
    }
}
