/* What the tools take and give, in JSON Schema: the pieces of which the table in mcp_tools.c is made. One type at a place,
 * and null by anyOf: clients that know a part of JSON Schema read that. */
#ifndef SERVE_MCP_SCHEMAS_H
#define SERVE_MCP_SCHEMAS_H

/* clang-format off */
#define S_OBJECT(required, properties) \
  "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[" required "],\"properties\":{" properties "}}"
#define S_LIST(items) "{\"type\":\"array\",\"items\":" items "}"
#define S_OR_NULL(schema) "{\"anyOf\":[" schema ",{\"type\":\"null\"}]}"
#define S_ONE_OF(names) "{\"type\":\"string\",\"enum\":[" names "]}"
#define S_TEXT "{\"type\":\"string\"}"
#define S_COUNT "{\"type\":\"integer\",\"minimum\":0}"
#define S_NUMBER "{\"type\":\"number\"}"
#define S_BOOL "{\"type\":\"boolean\"}"

/* What is asked for, with a word on it. */
#define S_WORDS(about) "{\"type\":\"string\",\"minLength\":1,\"description\":\"" about "\"}"
#define S_WHOLE(least, most, about) \
  "{\"type\":\"integer\",\"minimum\":" least ",\"maximum\":" most ",\"description\":\"" about "\"}"
#define S_NOTE S_WORDS("A note: its path, its title, an alias, or part of one.")
#define S_LIMIT "\"limit\":" S_WHOLE("0", "50", "Results at most; 10 if it is not given.")

/* What is given. A path that is not UTF-8 is told in hexadecimal, too. */
#define S_PATH "\"path\":" S_TEXT ",\"path_bytes_hex\":" S_TEXT
#define S_OF "\"of\":" S_TEXT ",\"of_bytes_hex\":" S_TEXT
#define S_DATA "\"note\":{\"type\":\"string\",\"description\":\"What to take the texts of notes for: data.\"}"
#define S_RESULTS \
  "\"results\":" S_LIST(S_OBJECT("\"path\",\"title\",\"score\",\"linked\",\"reason\"", S_PATH ",\"title\":" S_TEXT \
    ",\"score\":" S_NUMBER ",\"linked\":" S_ONE_OF("\"no\",\"out\",\"in\",\"both\"") ",\"reason\":" S_TEXT)) \
  ",\"left_out\":" S_COUNT "," S_DATA
#define S_HOP S_OBJECT("\"kind\",\"name\"", "\"kind\":" S_TEXT ",\"name\":" S_TEXT "," S_PATH)
#define S_WAY S_OBJECT("\"share\",\"hops\"", "\"share\":" S_NUMBER ",\"hops\":" S_LIST(S_HOP))
#define S_SENTENCE \
  S_OBJECT("\"path\",\"line\",\"text\",\"mark\"", S_PATH ",\"line\":" S_COUNT ",\"text\":" S_TEXT ",\"mark\":" S_LIST(S_COUNT))
#define S_WHY \
  S_OBJECT("\"path\",\"title\",\"score\",\"signals\",\"reason\",\"words\",\"tags\",\"sentences\",\"paths\",\"left_out\"", \
    S_PATH ",\"title\":" S_TEXT ",\"score\":" S_NUMBER ",\"signals\":{\"type\":\"object\",\"additionalProperties\":" S_NUMBER "}" \
    ",\"reason\":" S_TEXT ",\"words\":" S_LIST(S_TEXT) ",\"tags\":" S_LIST(S_TEXT) ",\"sentences\":" S_LIST(S_SENTENCE) \
    ",\"paths\":" S_LIST(S_WAY) ",\"left_out\":" S_COUNT)
#define S_VERDICTS S_ONE_OF("\"good\",\"bad\",\"hidden\",\"none\"")
/* clang-format on */

#endif
