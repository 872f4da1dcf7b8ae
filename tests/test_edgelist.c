/* Edge lists and matrices: tables of texts and what they mean, what is refused and how it is named. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "graph/edgelist.h"

/* The graph in words: "a>b 1; b>c 0.5". */
static void describe(const edgelist *e, lan_buf *out) {
  for (uint32_t v = 0; v < e->graph.n_nodes; v++) {
    for (uint32_t i = e->graph.offsets[v]; i < e->graph.offsets[v + 1]; i++) {
      lan_str to = e->names[e->graph.targets[i]];
      lan_buf_printf(out, "%s%.*s>%.*s %g", out->len ? "; " : "", (int)e->names[v].len,
                     e->names[v].ptr, (int)to.len, to.ptr, (double)e->graph.weights[i]);
    }
  }
}

typedef struct sample {
  const char *text, *meaning;
  int undirected;
} sample;

static const sample samples[] = {
    {"a,b,2\n", "a>b 2", 0},
    {"a,b", "a>b 1", 0},
    {"a,b,\n", "a>b 1", 0},
    {"a,b,2\nb,c,0.5\n", "a>b 2; b>c 0.5", 0},
    {"a,b,2\nb,c,0.5\n", "a>b 2; b>a 2; b>c 0.5; c>b 0.5", 1},
    {"a,a,2\n", "a>a 2", 1},
    {"a,b,1\na,b,1.5\n", "a>b 2.5", 0},
    {"a\tb\t2\nc, d\te\t1\n", "a>b 2; c, d>e 1", 0},
    {"a;b;2\nb;a;3\n", "a>b 2; b>a 3", 0},
    {"a;b;0,5\nb;a;1.5\n", "a>b 0.5; b>a 1.5", 0},
    {"a\tb\t0,25\n", "a>b 0.25", 0},
    {"from,to\na,b\n", "a>b 1", 0},
    {"From;To;Weight\na;b;2\n", "a>b 2", 0},
    {"cue,response,strength\na,b,2\n", "a>b 2", 0},
    {"x,y,z\na,b,2\n", "a>b 2", 0},
    {"\xEF\xBB\xBF"
     "a,b,2\r\nb,c,1\r\n",
     "a>b 2; b>c 1", 0},
    {"a,b,2\rb,c,1\r", "a>b 2; b>c 1", 0},
    {"# one, two; three\n\na,b,2\n#c,d,\"\n,,\nb,c,1", "a>b 2; b>c 1", 0},
    {"# x;y;z\na,b\n", "a>b 1", 0},
    {" a , b , 2 \n", "a>b 2", 0},
    {"\"a,1\",\"say \"\"b\"\"\",2\n", "a,1>say \"b\" 2", 0},
    {"\"a\nb\",c,1\nd,\"\",1\n", NULL, 0},
    {"\"#a\",b,1\n", "#a>b 1", 0},
    {"cà phê,quán cà phê,2e-1\n", "cà phê>quán cà phê 0.2", 0},
    {"a,b,0\n", "a>b 0", 0},
    /* matrices */
    {",a,b\na,0,2\nb,,1\n", "a>b 2; b>b 1", 0},
    {"\"\",\"a\",\"b\"\n\"a\",0,2\n\"b\",0.5,0\n", "a>b 2; b>a 0.5", 0},
    {"corner\ta\tb\tc\na\t0\t1\t0\nb\t0\t0\t2\nc\t3\t0\t0\n", "a>b 1; b>c 2; c>a 3", 0},
    {",a,b\nx,1,2\n", "x>a 1; x>b 2", 0},
    {",a,b\na,,2\n", "a>b 2; b>a 2", 1},
    {",a\n", "", 0},
};

static lan_status parse(const char *text, size_t n, int undirected, edgelist *e, lan_error *err) {
  /* On the heap and without a NUL, so that the sanitizer sees each byte too many. */
  char *copy = malloc(n ? n : 1);
  edgelist_options options = {undirected};
  assert_non_null(copy);
  memcpy(copy, text, n);
  lan_status s = edgelist_parse(copy, n, "net.csv", &options, e, err);
  free(copy);
  return s;
}

static void texts_mean_what_they_say(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
    edgelist e;
    lan_error err;
    lan_buf got = {0};
    const sample *s = &samples[i];
    lan_status status = parse(s->text, strlen(s->text), s->undirected, &e, &err);
    if (!s->meaning) {
      assert_int_equal(status, LAN_EFORMAT);
      continue;
    }
    if (status != LAN_OK) fail_msg("%s: %s", s->text, err.message);
    assert_int_equal(lan_graph_validate(&e.graph, NULL), LAN_OK);
    lan_buf_add_str(&got, "");
    describe(&e, &got);
    assert_string_equal(got.data, s->meaning);
    for (uint32_t v = 0; v < e.graph.n_nodes; v++) {
      assert_int_equal(edgelist_find(&e, e.names[v]), v);
    }
    assert_int_equal(edgelist_find(&e, LAN_STR("nobody")), UINT32_MAX);
    lan_buf_free(&got);
    edgelist_free(&e);
  }
}

typedef struct bad {
  const char *text, *says;
} bad;

static const bad bads[] = {
    {"", "net.csv:1: no edges"},
    {"\n\n# only this\n", "no edges"},
    {"from,to,weight\n", "no edges"},
    {"a,b,1\nc,d,x\n", "net.csv:2: the third field, the weight, is no number"},
    {"a,b,1\n\"c\nd\",e,x\n", "net.csv:2:"},
    {"a,b,1\n\"c\nd\",e,1\nf,g,x\n", "net.csv:4:"},
    {"a,b,1\r\nc,d,-1\r\n", "net.csv:2: a weight must be a number from 0 on"},
    {"a,b,1\nc,d,1e39\n", "a weight must be a number from 0 on"},
    {"a,b,1\nc,d,nan\n", "is no number"},
    {"a,b,1\nc,d,inf\n", "is no number"},
    {"a,b,1\nc,d,0x10\n", "is no number"},
    {"a,b,1\nc,d,1e\n", "is no number"},
    {"a,b,1\nc\n", "two or three fields"},
    {"a,b,1\nc,d,1,2\n", "two or three fields"},
    {"from,to,weight,year\na,b,1,1999\n", "two or three fields"},
    {"a,b,1\n,d,1\n", "a name is empty"},
    {"a,b,1\n\"c,d,1\n", "net.csv:2: a quoted field has no end"},
    {"\"a\"x,b,1\n", "text follows a closing quote"},
    {",a,b\na,1\n", "net.csv:2: this row is not as long"},
    {",a,b\na,1,x\n", "a cell is no number"},
    {",a,b\na,1,-1\n", "a weight must be"},
    {",a,\na,1,1\n", "a name is empty"},
    {",a,b\n,1,1\n", "a name is empty"},
    {"\xFF\xFE"
     "a",
     "UTF-16"},
};

static void mistakes_are_named(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof bads / sizeof *bads; i++) {
    edgelist e = {.names = (void *)&e};
    lan_error err;
    assert_int_equal(parse(bads[i].text, strlen(bads[i].text), 0, &e, &err), LAN_EFORMAT);
    if (!strstr(err.message, bads[i].says)) {
      fail_msg("%s: said \"%s\", not \"%s\"", bads[i].text, err.message, bads[i].says);
    }
    assert_ptr_equal(e.names, &e); /* untouched */
  }
}

static void bytes_of_any_kind_are_names(void **state) {
  (void)state;
  edgelist e;
  static const char text[] = "a\0b,\xFF\xC3,1\n";
  assert_int_equal(parse(text, sizeof text - 1, 0, &e, NULL), LAN_OK);
  assert_int_equal(edgelist_find(&e, (lan_str){"a\0b", 3}), 0);
  assert_int_equal(edgelist_find(&e, LAN_STR("a")), UINT32_MAX);
  assert_int_equal(edgelist_find(&e, LAN_STR("\xFF\xC3")), 1);
  edgelist_free(&e);
}

/* Whatever the locale's decimal point. */
static void numbers_do_not_follow_the_locale(void **state) {
  (void)state;
  edgelist e;
  if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") && !setlocale(LC_NUMERIC, "vi_VN.UTF-8")) skip();
  lan_status s = parse("a,b,0.5\n", 8, 0, &e, NULL);
  setlocale(LC_NUMERIC, "C");
  assert_int_equal(s, LAN_OK);
  assert_true(e.graph.weights[0] == 0.5f);
  edgelist_free(&e);
}

static double seconds_for(const lan_buf *text) {
  struct timespec a, b;
  edgelist e;
  timespec_get(&a, TIME_UTC);
  if (edgelist_parse(text->data, text->len, "x", NULL, &e, NULL) == LAN_OK) edgelist_free(&e);
  timespec_get(&b, TIME_UTC);
  return (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) * 1e-9;
}

/* What would be quadratic if anything were read twice: half a megabyte each. */
static void hostile_texts_take_linear_time(void **state) {
  (void)state;
  static const char *const units[] = {"\"",       "\"\"",     ",",     "\n",
                                      "#",        "\r",       "a,b\n", "\"a\n",
                                      "a,\"\"\n", "\"\"\"\"", "a;b,",  "\"a\",\"b\"\n"};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    lan_buf text = {0};
    while (text.len < 500000) lan_buf_add_str(&text, units[i]);
    assert_true(seconds_for(&text) < 5);
    lan_buf_free(&text);
  }
}

/* A matrix as wide as it is long, and names by the ten thousand. */
static void many_names_are_found(void **state) {
  (void)state;
  enum { N = 50000 };
  lan_buf text = {0};
  for (int i = 0; i < N; i++) lan_buf_printf(&text, "node %d,node %d,1\n", i, (i * 7) % N);
  edgelist e;
  char name[32];
  assert_int_equal(edgelist_parse(text.data, text.len, "x", NULL, &e, NULL), LAN_OK);
  assert_int_equal(e.graph.n_nodes, N);
  assert_int_equal(e.graph.n_edges, N);
  for (int i = 0; i < N; i++) {
    snprintf(name, sizeof name, "node %d", i);
    uint32_t v = edgelist_find(&e, lan_str_of(name));
    assert_true(v < N && lan_str_equal(e.names[v], lan_str_of(name)));
  }
  edgelist_free(&e);
  lan_buf_free(&text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(texts_mean_what_they_say),
      cmocka_unit_test(mistakes_are_named),
      cmocka_unit_test(bytes_of_any_kind_are_names),
      cmocka_unit_test(numbers_do_not_follow_the_locale),
      cmocka_unit_test(hostile_texts_take_linear_time),
      cmocka_unit_test(many_names_are_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
