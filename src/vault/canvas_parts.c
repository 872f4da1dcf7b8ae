/* What the nodes and edges of a canvas say, whoever read its JSON. */
#include "vault/parse.h"

void parse_canvas_words(facts *f, lan_str text, facts_piece_kind kind) {
  if (text.len) PARSE_PUSH(f, pieces, (facts_piece){text, kind});
}

void parse_canvas_link(facts *f, lan_str from, lan_str file, lan_str subpath,
                       facts_link_kind kind) {
  facts_link link = {.target = file, .subpath = subpath, .from = from, .kind = kind, .line = 1};
  link.shown = (lan_str){"", 0};
  if (link.subpath.len && link.subpath.ptr[0] == '#') link.subpath.ptr++, link.subpath.len--;
  if (file.len) PARSE_PUSH(f, links, link);
}

/* A text node is Markdown. Its facts join the canvas's, at line 1 as JSON lines say nothing. */
void parse_canvas_text(facts *f, lan_str text, parse_note_fn parse) {
  facts node = {0};
  lan_error err;
  if (parse(text.ptr, text.len, &node, &err) != LAN_OK) {
    f->failed |= err.status == LAN_ENOMEM;
    facts_free(&node);
    return;
  }
  for (size_t i = 0; i < node.links.len; i++) {
    facts_link l = node.links.data[i];
    l.start = l.end = 0;
    l.line = 1;
    l.target = parse_copy(f, l.target.ptr, l.target.len); /* it may have been decoded */
    l.subpath = parse_copy(f, l.subpath.ptr, l.subpath.len);
    l.shown = parse_copy(f, l.shown.ptr, l.shown.len);
    PARSE_PUSH(f, links, l);
  }
  for (size_t i = 0; i < node.tags.len; i++) {
    lan_str name = parse_copy(f, node.tags.data[i].name.ptr, node.tags.data[i].name.len);
    PARSE_PUSH(f, tags, (facts_tag){name, 1});
  }
  for (size_t i = 0; i < node.pieces.len; i++) {
    facts_piece p = node.pieces.data[i];
    PARSE_PUSH(f, pieces, (facts_piece){parse_copy(f, p.text.ptr, p.text.len), p.kind});
  }
  facts_free(&node);
}
