// Messages of the Connect protocol as bytes: JSON bodies, errors, and the envelopes of streams.
//
//   envelope: | flags, 1 byte | length, 4 bytes, big endian | JSON |      flags 0x02: the end of
//   the stream
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace registry {

inline constexpr std::size_t kEnvelopeBytes = 5;

// An empty body is an empty message. kInvalidArgument names the field.
base::Result<void> ReadMessage(std::string_view json, google::protobuf::Message& message);
std::string MessageJson(const google::protobuf::Message& message);
// {"code":"not_found","message":"no Server 'x'"}
std::string ErrorJson(const base::Error& error);

// The one message of a stream's request.
base::Result<std::string_view> OpenEnvelope(std::string_view body);
std::string Envelope(const google::protobuf::Message& message);
// `error` kOk: a good end.
std::string EndEnvelope(const base::Error& error);

}  // namespace registry
