// Typed custom metadata: what the organisation's MetadataSchemas say about a Server's `metadata_json`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "portolan/v1/server.pb.h"

namespace registry {

class Transaction;

// ---- By itself

// A schema that does not compile is refused with the pointer of what is wrong in it:
// `/spec/schema_json/properties/a/type: ...`.
base::Result<void> ValidateMetadataSchema(std::string_view name,
                                          const portolan::v1::MetadataSchema& schema);
// `metadata_json` is empty or one JSON object, within its bounds.
base::Result<void> ValidateMetadata(const portolan::v1::Server& server);
// Gives it the form in which it is kept: sorted, without spaces, empty for `{}`.
void CompleteMetadata(portolan::v1::Server& server);
// The MetadataSchemas that it has values of, in order. REQUIRES: ValidateMetadata was content, else none.
std::vector<std::string> MetadataMembers(const portolan::v1::Server& server);

// ---- Against the catalog

// Each member fits the MetadataSchema of its name, and all that are required are there. What is as it was in
// `before` (null: a new server) is not asked again, so that a changed schema stops no other change.
// kInvalidArgument names the place: `/spec/metadata_json/costCenter: is missing`.
base::Result<void> CheckMetadata(Transaction& store, const portolan::v1::Server& server,
                                 const portolan::v1::Server* before);

}  // namespace registry
