/* How well a classifier does, for people and for programs. */
#ifndef CLI_NET_REPORT_H
#define CLI_NET_REPORT_H

#include "cli/cli.h"
#include "lantoa/train.h"

/* Accuracy, loss, each class's precision and recall, and the confusion matrix if it fits. */
void net_report_text(output *o, const lan_model_info *info, const lan_evaluation *e);
void net_report_json(lan_buf *out, const lan_model_info *info, const lan_evaluation *e);

#endif
