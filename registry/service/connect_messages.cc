#include "registry/service/connect_messages.h"

#include <nlohmann/json.hpp>

#include "base/error_codes.h"
#include "base/manifest.h"

namespace registry {
namespace {

constexpr char kEndFlag = 0x02;
constexpr char kCompressedFlag = 0x01;

std::string Enveloped(char flags, const std::string& json) {
  std::string bytes(1, flags);
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>((json.size() >> shift) & 0xff);
  return bytes + json;
}

nlohmann::ordered_json ErrorObject(const base::Error& error) {
  nlohmann::ordered_json object;
  object["code"] = base::ConnectName(error.code);
  object["message"] = error.message;
  return object;
}

std::string Dump(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

base::Result<void> ReadMessage(std::string_view json, google::protobuf::Message& message) {
  if (json.empty()) return {};
  const auto tree = base::ParseJson(json);
  if (tree.has_error()) return tree.error();
  return base::ReadJson(*tree, message);
}

std::string MessageJson(const google::protobuf::Message& message) {
  return Dump(base::Print(message, base::Spelling::kLowerCamelCase));
}

std::string ErrorJson(const base::Error& error) { return Dump(ErrorObject(error)); }

base::Result<std::string_view> OpenEnvelope(std::string_view body) {
  if (body.size() < kEnvelopeBytes)
    return base::Fail(base::Code::kInvalidArgument, "the body has no envelope");
  if ((body[0] & kCompressedFlag) != 0) {
    return base::Fail(base::Code::kUnimplemented, "compressed messages are not read here");
  }
  std::size_t length = 0;
  for (int i = 1; i <= 4; ++i)
    length = length << 8 | static_cast<unsigned char>(body[static_cast<std::size_t>(i)]);
  if (length != body.size() - kEnvelopeBytes) {
    return base::Fail(base::Code::kInvalidArgument,
                      "the body must be one envelope with one message");
  }
  return body.substr(kEnvelopeBytes);
}

std::string Envelope(const google::protobuf::Message& message) {
  return Enveloped(0, MessageJson(message));
}

std::string EndEnvelope(const base::Error& error) {
  nlohmann::ordered_json end = nlohmann::ordered_json::object();
  if (error.code != base::Code::kOk) end["error"] = ErrorObject(error);
  return Enveloped(kEndFlag, Dump(end));
}

}  // namespace registry
