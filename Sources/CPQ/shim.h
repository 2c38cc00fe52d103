#pragma once
#include <libpq-fe.h>
/* The PG_DIAG_* codes are character macros, which Swift does not import. */
enum cpq_field : int {
  cpq_field_severity = PG_DIAG_SEVERITY_NONLOCALIZED,
  cpq_field_sqlstate = PG_DIAG_SQLSTATE,
  cpq_field_message = PG_DIAG_MESSAGE_PRIMARY,
  cpq_field_detail = PG_DIAG_MESSAGE_DETAIL,
  cpq_field_hint = PG_DIAG_MESSAGE_HINT,
  cpq_field_context = PG_DIAG_CONTEXT,
};
