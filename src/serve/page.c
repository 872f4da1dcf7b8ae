#include "serve/page.h"

#include "serve/page_tables.h"

static const page_file PAGE[] = {
    {"/", "text/html; charset=utf-8", PAGE_HTML, sizeof PAGE_HTML},
    {"/app.css", "text/css; charset=utf-8", PAGE_CSS, sizeof PAGE_CSS},
    {"/app.js", "text/javascript; charset=utf-8", PAGE_JS, sizeof PAGE_JS},
    {"/icon.svg", "image/svg+xml", PAGE_ICON, sizeof PAGE_ICON},
};

const page_file *page_find(lan_str path) {
  for (size_t i = 0; i < sizeof PAGE / sizeof *PAGE; i++) {
    if (lan_str_equal(path, lan_str_of(PAGE[i].path))) return &PAGE[i];
  }
  return NULL;
}
