// What registry/lint finds, in the contract's words.
#pragma once

#include "portolan/v1/catalog_service.pb.h"

namespace registry {

// Its findings and score. A definition that is not JSON is left as it is.
void AddFindings(portolan::v1::Definition& definition);
// Those of all definitions, of their names beside each other, and the server's score.
void AddFindings(portolan::v1::GetDefinitionsResponse& response);

}  // namespace registry
