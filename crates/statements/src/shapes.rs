//! Statements by their shape: what stands between the literals and comments.

use crate::tokens::Gap;

/// A longer statement is not kept.
const LONGEST: usize = 64 << 10;
/// All shapes together hold so many bytes; then the collection begins anew. Programs have some thousand statements of some
/// hundred bytes, and most begin alike.
const SIZE: usize = 4 << 20;
/// So often a statement may be another one's sibling than the one that is sought; then it is read anew. Somebody hostile could lay
/// out a long row of siblings at each byte of a statement; programs pass a dozen of them.
const LOOKS: usize = 1024;

/// Things by the shape of the statement that they were read of.
///
/// Two statements are of one shape when nothing but the gaps in them differs ([`Gap`]): then their tokens are the same. For the
/// same bytes before it, of the same gaps, stand for the same state of the tokeniser, what may follow is kept as a tree, of
/// which each path is a shape:
///
/// ```text
/// "SELECT a FROM t WHERE " ─┬─ "id = " ── number ";"
///                           ╰─ "name = " ─┬─ quoted
///                                         ╰─ dollar " LIMIT " ── dollar
/// ```
///
/// To find a shape takes as long as its statement is, however many others there are.
#[derive(Debug)]
pub(crate) struct Shapes<T> {
    /// The first is the root, which is empty.
    nodes: Vec<Node>,
    /// The texts of all nodes.
    text: Vec<u8>,
    kept: Vec<T>,
    /// The bytes that all things hold elsewhere.
    elsewhere: usize,
}

/// A piece of shapes that all go on from the same piece.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// What it begins with.
    edge: Edge,
    /// The gap that this is, if it is one.
    gap: Option<Gap>,
    /// Where in the collection's text its own begins and ends: all of it, or what follows its gap.
    from: u32,
    to: u32,
    /// What is kept of the statement that ends here.
    kept: u32,
    /// The first of those that go on from here.
    child: u32,
    /// The next that goes on from where this one does.
    sibling: u32,
}

/// The byte that a piece of text begins with, or, as one that no text holds, the gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edge(u8);

impl From<Gap> for Edge {
    #[inline]
    fn from(gap: Gap) -> Self {
        Edge(0xf8 | gap as u8)
    }
}

/// No node, and no thing.
const NONE: u32 = u32::MAX;
/// The root.
const ROOT: u32 = 0;

impl<T> Default for Shapes<T> {
    fn default() -> Self {
        let root = Node { edge: Edge(0), gap: None, from: 0, to: 0, kept: NONE, child: NONE, sibling: NONE };
        Shapes { nodes: vec![root], text: Vec::new(), kept: Vec::new(), elsewhere: 0 }
    }
}

impl<T> Shapes<T> {
    /// What is kept of statements of this shape.
    #[cfg(test)]
    pub(crate) fn find(&self, statement: &str) -> Option<&T> {
        self.at(self.place(statement)?)
    }

    /// What is kept at a place.
    #[inline]
    pub(crate) fn at(&self, place: u32) -> Option<&T> {
        self.kept.get(place as usize)
    }

    /// Where something is kept of statements of this shape, if anything is.
    #[inline]
    pub(crate) fn place(&self, statement: &str) -> Option<u32> {
        let mut rest = statement.as_bytes();
        let mut node = self.node(ROOT)?;
        let mut looks = LOOKS;
        while let Some(first) = rest.first() {
            let byte = Edge(*first);
            node = self.following(node, byte, Gap::at(rest).map_or(byte, Edge::from), &mut looks)?;
            if let Some(gap) = node.gap {
                rest = rest.get(gap.length(rest)..)?;
            }
            rest = behind(rest, self.text_of(node))?;
        }
        Some(node.kept).filter(|kept| *kept != NONE)
    }

    /// What goes on from `node` with this gap, or else with this byte. Where a gap may begin, a byte that begins one begins
    /// nothing else; within a name in quotes it is a byte like any other.
    #[inline]
    fn following(&self, node: &Node, byte: Edge, gap: Edge, looks: &mut usize) -> Option<&Node> {
        let mut found = None;
        let mut next = node.child;
        while let Some(child) = self.node(next) {
            if child.edge == gap {
                return Some(child);
            }
            if child.edge == byte {
                found = Some(child);
            }
            next = child.sibling;
            *looks = looks.checked_sub(1)?;
        }
        found
    }

    /// Keeps what was read of a statement with these gaps, which holds so many bytes elsewhere.
    pub(crate) fn keep(&mut self, statement: &str, gaps: &[(Gap, usize, usize)], thing: T, elsewhere: usize) {
        if statement.len() > LONGEST {
            return;
        }
        // A node for each gap, of which each takes a byte, one for the end, and one for what is parted.
        let most = statement.len() + (statement.len() + 2) * size_of::<Node>() + size_of::<T>() + elsewhere;
        if self.size() + most > SIZE {
            *self = Shapes::default();
        }
        let Some(node) = self.end_of(statement.as_bytes(), gaps) else { return };
        let kept = index(self.kept.len());
        self.kept.push(thing);
        self.elsewhere += elsewhere;
        if let Some(node) = self.node_mut(node) {
            node.kept = kept;
        }
    }

    /// The node at the end of a statement.
    fn end_of(&mut self, statement: &[u8], gaps: &[(Gap, usize, usize)]) -> Option<u32> {
        let (mut node, mut gap, mut from, mut looks) = (ROOT, None, 0, LOOKS);
        for (next, begin, end) in gaps {
            node = self.go_on(node, gap, statement.get(from..*begin)?, &mut looks)?;
            (gap, from) = (Some(*next), *end);
        }
        self.go_on(node, gap, statement.get(from..)?, &mut looks)
    }

    /// The bytes that all of it takes.
    fn size(&self) -> usize {
        let own = self.nodes.len() * size_of::<Node>() + self.kept.len() * size_of::<T>();
        own + self.text.len() + self.elsewhere
    }

    /// The node at the end of `text`, which goes on from `node` with `gap`; none when too many others were looked at.
    fn go_on(
        &mut self,
        mut node: u32,
        mut gap: Option<Gap>,
        mut text: &[u8],
        looks: &mut usize,
    ) -> Option<u32> {
        while let Some(edge) = gap.map(Edge::from).or(text.first().copied().map(Edge)) {
            let mut child = self.node(node)?.child;
            while let Some(other) = self.node(child).filter(|child| child.edge != edge) {
                child = other.sibling;
                *looks = looks.checked_sub(1)?;
            }
            if child == NONE {
                return Some(self.grow(node, edge, gap, text));
            }
            text = self.descend(child, text);
            (node, gap) = (child, None);
        }
        Some(node)
    }

    /// Adds what goes on from `node`.
    fn grow(&mut self, node: u32, edge: Edge, gap: Option<Gap>, text: &[u8]) -> u32 {
        let from = index(self.text.len());
        self.text.extend_from_slice(text);
        let to = index(self.text.len());
        let child = index(self.nodes.len());
        let sibling = self.node_mut(node).map_or(NONE, |node| std::mem::replace(&mut node.child, child));
        self.nodes.push(Node { edge, gap, from, to, kept: NONE, child: NONE, sibling });
        child
    }

    /// Parts a node from what it does not share with `text`, and says what of `text` is behind it.
    fn descend<'a>(&mut self, at: u32, text: &'a [u8]) -> &'a [u8] {
        let Some(node) = self.node(at).copied() else { return text };
        let own = self.text_of(&node);
        if let Some(rest) = text.strip_prefix(own) {
            return rest;
        }
        let common = own.iter().zip(text).take_while(|(a, b)| a == b).count();
        if let Some(first) = own.get(common).copied() {
            let middle = node.from + index(common);
            let rest = Node { edge: Edge(first), gap: None, from: middle, sibling: NONE, ..node };
            let child = index(self.nodes.len());
            self.nodes.push(rest);
            if let Some(node) = self.node_mut(at) {
                *node = Node { to: middle, kept: NONE, child, ..*node };
            }
        }
        text.get(common..).unwrap_or_default()
    }

    #[inline]
    fn node(&self, at: u32) -> Option<&Node> {
        self.nodes.get(at as usize)
    }

    fn node_mut(&mut self, at: u32) -> Option<&mut Node> {
        self.nodes.get_mut(at as usize)
    }

    #[inline]
    fn text_of(&self, node: &Node) -> &[u8] {
        self.text.get(node.from as usize..node.to as usize).unwrap_or_default()
    }
}

/// What of a statement is behind `text`, if it begins so. Behind most gaps stands a sign or a word.
#[inline]
fn behind<'a>(statement: &'a [u8], text: &[u8]) -> Option<&'a [u8]> {
    let (begin, rest) = statement.split_at_checked(text.len())?;
    let is_same = match text.len() {
        ..=WORD => begin.iter().zip(text).all(|(a, b)| a == b),
        _ => begin == text,
    };
    is_same.then_some(rest)
}

/// So short a text is compared byte by byte.
const WORD: usize = 8;

/// What is within [`SIZE`] has an index.
fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(NONE)
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, SIZE, Shapes};
    use crate::tables::{Names, read};

    fn keep<T>(shapes: &mut Shapes<T>, statement: &str, thing: T, elsewhere: usize) {
        let mut gaps = Vec::new();
        read(statement, &mut Names::default(), &mut gaps);
        shapes.keep(statement, &gaps, thing, elsewhere);
    }

    #[test]
    fn statements_that_differ_in_gaps_are_of_one_shape() {
        let cases = [
            ("select a from t where id = 1", "select a from t where id = 4711", true),
            ("select a from t where id = 1", "select a from t where id = -1", false),
            ("select a from t where id = 1", "select a from t where id = 'x'", false),
            ("select a from t where id = 1", "select a from t where id = 1;", false),
            ("select a from t where id = 1;", "select a from t where id = 1", false),
            ("select '1'", "select 'it''s'", true),
            ("select '1'", "select 'it's'", false),
            ("select '1'", "select 'never ends", true),
            ("select '1', '2'", "select 'never ends, '2'", false),
            ("select $1, $2", "select $$a$$, $b$ c $b$", true),
            ("select /* trace 1 */ 1", "select /* /* trace 2 */ */ 2", true),
            ("select 1 -- one", "select 2 -- two\n", false),
            ("x'1f'", "x'2e'", true),
            ("x'1f'", "y'1f'", false),
            ("\"1\"", "\"2\"", false),
            ("select a - b", "select a -- b", false),
            ("", "", true),
            ("1", "2", true),
        ];
        for (kept, sought, is_found) in cases {
            let mut shapes = Shapes::default();
            keep(&mut shapes, kept, (), 0);
            assert!(shapes.find(kept).is_some(), "{kept}");
            assert_eq!(shapes.find(sought).is_some(), is_found, "{kept} and {sought}");
        }
    }

    #[test]
    fn each_shape_keeps_its_own_among_others_that_begin_alike() {
        let statements = [
            "select a from t where id = 1",
            "select a from t where id = 1 and b = 'x'",
            "select a from t where id = 'x'",
            "select a from t where id = e'x'",
            "select a from t where id = exp(1)",
            "select a from t where id = -1",
            "select a from t where id = --\n1",
            "select a from t",
            "select a",
            "select \"a'1\"",
            "select \"a'1\", '1'",
            "",
            "'1'",
        ];
        let mut shapes = Shapes::default();
        for (n, statement) in statements.iter().enumerate() {
            assert_eq!(shapes.find(statement), None, "{statement}");
            keep(&mut shapes, statement, n, 0);
        }
        for (n, statement) in statements.iter().enumerate() {
            assert_eq!(shapes.find(statement), Some(&n), "{statement}");
            assert_eq!(
                shapes.find(&statement.replace('1', "22")),
                Some(&n).filter(|_| !statement.contains("\"a"))
            );
        }
    }

    #[test]
    fn who_lays_out_long_rows_of_siblings_is_not_looked_for_in_them() {
        let mut shapes = Shapes::default();
        let deep = "x".repeat(64);
        keep(&mut shapes, &deep, 0, 0);
        // The inner rows first: an outer one would keep their statements out.
        for length in (0..deep.len()).rev() {
            for other in 'a'..='w' {
                keep(&mut shapes, &format!("{}{other}", deep.get(..length).unwrap()), 1, 0);
            }
        }
        assert_eq!(shapes.find(deep.get(..30).unwrap()), None);
        assert_eq!(shapes.find(&format!("{}c", deep.get(..30).unwrap())), Some(&1));
        let size = shapes.size();
        assert_eq!(shapes.find(&deep), None, "it would be found after 64 rows of 23");
        keep(&mut shapes, &deep, 0, 0);
        assert_eq!(shapes.size(), size, "nothing is kept twice");
    }

    #[test]
    fn the_collection_has_a_cap() {
        let mut shapes = Shapes::default();
        for n in 0..2000 {
            keep(&mut shapes, &format!("select {} from t{n}", "1 ".repeat(n)), n, 100);
            assert!(shapes.size() <= SIZE);
            assert!(shapes.find(&format!("select {} from t{n}", "2 ".repeat(n))).is_some());
        }
        let long = "x".repeat(LONGEST + 1);
        keep(&mut shapes, &long, 0, 0);
        assert_eq!(shapes.find(&long), None);
    }
}
