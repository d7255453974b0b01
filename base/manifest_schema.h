// What the reader and the printer of manifests agree on: base64, and the file form of a message
// whose oneof `spec` is selected by `kind`. Not for others.
#pragma once

#include <google/protobuf/descriptor.h>

#include <optional>
#include <string>
#include <string_view>

namespace base::manifest {

// The oneof named `spec` of a message that also has a string field `kind`; null for every other
// message.
const google::protobuf::OneofDescriptor* SpecOneof(const google::protobuf::Descriptor& message);

// Standard alphabet with padding.
std::string EncodeBase64(std::string_view bytes);
// Standard or URL alphabet, padded or not; nothing else between.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace base::manifest
