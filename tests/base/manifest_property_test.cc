// Random messages of every type of the contract survive being printed and read again, in every
// form; random damage to their text never does worse than an error.
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <random>

#include "base/manifest.h"
#include "base/yaml.h"
#include "portolan/v1/bootstrap.pb.h"
#include "portolan/v1/catalog_service.pb.h"
#include "portolan/v1/fleet_service.pb.h"
#include "portolan/v1/resource.pb.h"
#include "portolan/v1/usage_service.pb.h"
#include "tests/fuzz/manifest_input.h"

namespace base {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  void Fill(Message& message, int depth) {
    const auto& type = *message.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      // A resource's kind follows from its spec.
      if (type.name() == "Resource" && field.name() == "kind") continue;
      if (Pick(2) == 0) continue;
      if (field.real_containing_oneof() &&
          message.GetReflection()->HasOneof(message, field.containing_oneof()))
        continue;
      int times = field.is_repeated() ? Pick(4) : 1;
      for (int k = 0; k < times; ++k) FillField(message, field, depth);
    }
  }

  std::size_t Pick(std::size_t below) { return random_() % below; }

 private:
  void FillField(Message& m, const FieldDescriptor& f, int depth) {
    const auto& r = *m.GetReflection();
    const bool add = f.is_repeated();
    switch (f.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (depth > 6) return;
        Fill(add ? *r.AddMessage(&m, &f) : *r.MutableMessage(&m, &f), depth + 1);
        return;
      case FieldDescriptor::CPPTYPE_STRING: {
        std::string text = f.type() == FieldDescriptor::TYPE_BYTES ? Bytes() : Text();
        add ? r.AddString(&m, &f, text) : r.SetString(&m, &f, text);
        return;
      }
      case FieldDescriptor::CPPTYPE_BOOL:
        add ? r.AddBool(&m, &f, Pick(2)) : r.SetBool(&m, &f, Pick(2));
        return;
      case FieldDescriptor::CPPTYPE_ENUM: {
        const auto* value =
            f.enum_type()->value(static_cast<int>(Pick(f.enum_type()->value_count())));
        add ? r.AddEnum(&m, &f, value) : r.SetEnum(&m, &f, value);
        return;
      }
      case FieldDescriptor::CPPTYPE_INT32: {
        auto value = static_cast<std::int32_t>(Number());
        add ? r.AddInt32(&m, &f, value) : r.SetInt32(&m, &f, value);
        return;
      }
      case FieldDescriptor::CPPTYPE_INT64: {
        auto value = static_cast<std::int64_t>(Number());
        add ? r.AddInt64(&m, &f, value) : r.SetInt64(&m, &f, value);
        return;
      }
      case FieldDescriptor::CPPTYPE_UINT32:
        add ? r.AddUInt32(&m, &f, Number()) : r.SetUInt32(&m, &f, Number());
        return;
      case FieldDescriptor::CPPTYPE_UINT64:
        add ? r.AddUInt64(&m, &f, Number()) : r.SetUInt64(&m, &f, Number());
        return;
      case FieldDescriptor::CPPTYPE_DOUBLE: {
        double value = static_cast<double>(static_cast<std::int64_t>(Number())) / 1024;
        add ? r.AddDouble(&m, &f, value) : r.SetDouble(&m, &f, value);
        return;
      }
      case FieldDescriptor::CPPTYPE_FLOAT: return;
    }
  }

  std::uint64_t Number() {
    static constexpr std::uint64_t kCorners[] = {
        0, 1, 0x7FFFFFFF, 0x80000000, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF};
    if (Pick(3) == 0) return kCorners[Pick(std::size(kCorners))];
    return (std::uint64_t{random_()} << 32 | random_()) >> Pick(64);
  }
  std::string Bytes() {
    std::string bytes(Pick(20), '\0');
    for (char& byte : bytes) byte = static_cast<char>(Pick(256));
    return bytes;
  }
  std::string Text() {
    static const char* const kPieces[] = {"a",
                                          "b c",
                                          "true",
                                          "null",
                                          "1",
                                          "-1.5e3",
                                          "0x1F",
                                          "~",
                                          ": ",
                                          " #",
                                          "- ",
                                          "\"",
                                          "'",
                                          "\\",
                                          "\n",
                                          "\t",
                                          "{",
                                          "]",
                                          ",",
                                          "&",
                                          "*",
                                          "!",
                                          "|",
                                          ">",
                                          "%",
                                          "@",
                                          "`",
                                          "\x01",
                                          "\x7F",
                                          "\xC2\x85",
                                          "\xE2\x80\xA8",
                                          "\xEF\xBB\xBF",
                                          "\xF0\x9F\xA7\xAD",
                                          " ",
                                          "---",
                                          "...",
                                          "<<",
                                          "yes",
                                          "?"};
    std::string text;
    for (std::size_t i = Pick(5); i > 0; --i) text += kPieces[Pick(std::size(kPieces))];
    return text;
  }

  std::mt19937 random_;
};

template <class Message>
class ManifestPropertyTest : public ::testing::Test {};

using Messages = ::testing::Types<portolan::v1::Resource, portolan::v1::ApplyRequest,
                                  portolan::v1::GatewayBootstrap, portolan::v1::CallRecord,
                                  portolan::v1::ServerStatus, portolan::v1::FollowResponse>;
TYPED_TEST_SUITE(ManifestPropertyTest, Messages);

template <class Message>
void ExpectReads(const std::string& text, const Message& expected) {
  auto tree = ParseYamlOrJson(text);
  ASSERT_TRUE(tree) << tree.error().message << "\n" << text;
  Message read;
  auto result = ReadJson(*tree, read);
  ASSERT_TRUE(result) << result.error().message << "\n" << text;
  ASSERT_TRUE(google::protobuf::util::MessageDifferencer::Equals(expected, read)) << text;
}

// The kinds of all resources inside, as the reader fills them in.
void FillKinds(Message& message) {
  Message* copy = message.New();
  auto tree = ParseJson(Print(message, Spelling::kLowerCamelCase).dump());
  if (tree && ReadJson(*tree, *copy)) message.CopyFrom(*copy);
  delete copy;
}

TYPED_TEST(ManifestPropertyTest, WhatIsPrintedReadsBackTheSame) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    TypeParam message;
    Generator(seed).Fill(message, 0);
    FillKinds(message);
    auto snake = Print(message, Spelling::kSnakeCase);
    ExpectReads(snake.dump(), message);
    ExpectReads(WriteYaml(snake), message);
    ExpectReads(Print(message, Spelling::kLowerCamelCase).dump(), message);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

TYPED_TEST(ManifestPropertyTest, DamagedTextIsAnErrorAtWorst) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    Generator generator(seed);
    TypeParam message;
    generator.Fill(message, 0);
    auto tree = Print(message, Spelling::kSnakeCase);
    std::string text = seed % 2 ? tree.dump() : WriteYaml(tree);
    for (int i = 0; i < 20 && !text.empty(); ++i) {
      std::size_t at = generator.Pick(text.size());
      switch (generator.Pick(4)) {
        case 0: text[at] = static_cast<char>(generator.Pick(256)); break;
        case 1: text.erase(at, generator.Pick(8)); break;
        case 2:
          text.insert(at, text.substr(generator.Pick(text.size()), generator.Pick(16)));
          break;
        default: text.insert(at, 1, "{}[]:,\"'&*-\n #"[generator.Pick(14)]); break;
      }
      fuzz::ManifestInput(text);
    }
  }
}

}  // namespace
}  // namespace base
