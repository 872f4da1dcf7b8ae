/* Conductances for lantoa simulate: learning them, and reading them again. */
#ifndef CLI_SIMULATE_LEARN_H
#define CLI_SIMULATE_LEARN_H

#include "cli/cli.h"
#include "graph/edgelist.h"
#include "lantoa/spread.h"

/* Learns from the graph, and tells what and how well. */
cli_exit simulate_learn(cli *c, const edgelist *e);

/* Reads the JSON that it told. */
lan_status simulate_read_learnt(const char *path, lan_conductances *out, lan_error *err);

#endif
