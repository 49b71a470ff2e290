//! Reading the answers of AWS, which are XML.

use roxmltree::{Document, Node};

/// An answer.
///
/// # Errors
/// When it is no XML. What it says is not shown: some answers are secrets.
pub(super) fn document(text: &str) -> Result<Document<'_>, String> {
    Document::parse(text).map_err(|error| format!("what AWS answers is no XML: {error}"))
}

/// The first element of that name, wherever it is.
pub(super) fn find<'a, 'i>(document: &'a Document<'i>, name: &str) -> Option<Node<'a, 'i>> {
    let mut all = document.descendants();
    all.find(|node| node.tag_name().name() == name)
}

/// The elements inside another one.
pub(super) fn elements<'a, 'i: 'a>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(Node::is_element)
}

/// The element of that name right inside another one.
pub(super) fn child<'a, 'i: 'a>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    elements(node).find(|child| child.tag_name().name() == name)
}

/// The elements of a list.
pub(super) fn members<'a, 'i: 'a>(
    node: Node<'a, 'i>,
    name: &str,
) -> impl Iterator<Item = Node<'a, 'i>> {
    child(node, name).into_iter().flat_map(elements)
}

/// The text of the element of that name right inside another one.
pub(super) fn text<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    child(node, name)?.text()
}
