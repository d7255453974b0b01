#include "registry/catalog/canonical.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/json.h"

namespace registry {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

std::string Hash(const std::string& text) {
  const auto tree = base::ParseJson(text);
  EXPECT_TRUE(tree.has_value()) << text;
  return tree ? CanonicalHash(*tree) : "";
}

constexpr const char* kTool = R"({"name":"add","description":"Adds.","inputSchema":{"type":"object",
  "required":["a","b"],"properties":{"a":{"type":["number","null"]},"b":{"enum":["x","y"]}}}})";

TEST(CanonicalTest, AReorderedSchemaIsTheSame) {
  EXPECT_EQ(Hash(kTool), Hash(R"({ "inputSchema" : {"properties":{"b":{"enum":["y","x"]},
    "a":{"type":["null","number"]}},"required":["b","a"],"type":"object"},
    "description":"Adds.","name":"add"})"));
}

TEST(CanonicalTest, NumbersThatAreEqualAreTheSame) {
  EXPECT_EQ(Hash(R"({"x":1})"), Hash(R"({"x":1.0})"));
  EXPECT_EQ(Hash(R"({"x":1000})"), Hash(R"({"x":1e3})"));
  EXPECT_EQ(Hash(R"({"x":0})"), Hash(R"({"x":-0.0})"));
  EXPECT_NE(Hash(R"({"x":1})"), Hash(R"({"x":1.5})"));
  EXPECT_NE(Hash(R"({"x":9007199254740993})"), Hash(R"({"x":9007199254740992})"));
}

TEST(CanonicalTest, EscapesAreTheSameAsWhatTheyStandFor) {
  EXPECT_EQ(Hash(R"({"x":"\u00e9\/"})"), Hash("{\"x\":\"\xC3\xA9/\"}"));
}

TEST(CanonicalTest, AHiddenCharacterIsAChange) {
  EXPECT_NE(Hash(R"({"description":"Adds."})"), Hash(R"({"description":"Adds\u200b."})"));
  EXPECT_NE(Hash("{\"x\":\"\xC3\xA9\"}"), Hash("{\"x\":\"e\xCC\x81\"}"));  // composed or not
}

TEST(CanonicalTest, MetaAndIconsAreNoChangeAndOnlyOfTheDefinitionItself) {
  EXPECT_EQ(Hash(R"({"name":"a","_meta":{"v":1},"icons":[]})"), Hash(R"({"name":"a"})"));
  EXPECT_NE(Hash(R"({"inputSchema":{"properties":{"icons":{}}}})"),
            Hash(R"({"inputSchema":{"properties":{}}})"));
}

TEST(CanonicalTest, OrderMeansSomethingOutsideOfSchemas) {
  EXPECT_NE(Hash(R"({"arguments":[{"name":"a"},{"name":"b"}]})"),
            Hash(R"({"arguments":[{"name":"b"},{"name":"a"}]})"));
  // A default is data, whatever its members are called.
  EXPECT_NE(Hash(R"({"inputSchema":{"default":{"required":["a","b"]}}})"),
            Hash(R"({"inputSchema":{"default":{"required":["b","a"]}}})"));
  // So is an enum whose values are named in their order.
  EXPECT_NE(Hash(R"({"inputSchema":{"enum":["a","b"],"enumNames":["A","B"]}})"),
            Hash(R"({"inputSchema":{"enum":["b","a"],"enumNames":["A","B"]}})"));
}

TEST(CanonicalTest, APropertyMayBeCalledLikeAKeyword) {
  EXPECT_NE(Hash(R"({"inputSchema":{"properties":{"required":{"default":["a","b"]}}}})"),
            Hash(R"({"inputSchema":{"properties":{"required":{"default":["b","a"]}}}})"));
}

// A definition made of random parts, deep and wide enough to meet every rule.
class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) {}

  json Tool() {
    json tool = {{"name", Word()}, {"description", Word()}, {"inputSchema", Schema(4)}};
    if (Chance()) tool["annotations"] = {{"readOnlyHint", Chance()}, {"title", Word()}};
    return tool;
  }
  // The same tree, its members in another order, as text.
  std::string Shuffled(const json& value) { return Shuffle(value).dump(Chance() ? 2 : -1); }
  // The same tree with one string made another.
  json Changed(json value) {
    std::vector<json*> strings;
    Collect(value, strings);
    std::string& text = strings[Below(strings.size())]->get_ref<std::string&>();
    text.insert(Below(text.size() + 1), Chance() ? "\xE2\x80\x8B" : "z");
    return value;
  }

 private:
  std::size_t Below(std::size_t limit) { return random_() % limit; }
  bool Chance() { return Below(2) == 0; }
  std::string Word() { return "w" + std::to_string(Below(1'000'000)); }
  json Schema(int depth) {
    json schema = {{"type", Chance() ? json("object") : json({"string", "null"})},
                   {"description", Word()}};
    if (Chance()) schema["enum"] = {Word(), Word(), Word()};
    if (Chance()) schema["default"] = {{"required", {Word(), Word()}}, {"n", 1.5}};
    if (depth == 0) return schema;
    for (std::size_t i = Below(4); i > 0; --i) {
      const std::string name = Word();
      schema["properties"][name] = Schema(depth - 1);
      schema["required"].push_back(name);
    }
    if (Chance()) schema["items"] = Schema(depth - 1);
    if (Chance()) schema["anyOf"] = {Schema(depth - 1), Schema(0)};
    return schema;
  }
  ordered_json Shuffle(const json& value) {
    if (value.is_array()) {
      ordered_json array = ordered_json::array();
      for (const json& element : value) array.push_back(Shuffle(element));
      return array;
    }
    if (!value.is_object()) return ordered_json::parse(value.dump());
    std::vector<std::string> keys;
    for (const auto& [key, member] : value.items()) keys.push_back(key);
    std::shuffle(keys.begin(), keys.end(), random_);
    ordered_json object = ordered_json::object();
    for (const std::string& key : keys) object[key] = Shuffle(value[key]);
    return object;
  }
  static void Collect(json& value, std::vector<json*>& strings) {
    if (value.is_string()) strings.push_back(&value);
    if (!value.is_structured()) return;
    for (json& member : value) Collect(member, strings);
  }

  std::mt19937 random_;
};

TEST(CanonicalPropertyTest, AnyOrderOfMembersHasTheSameHashAndAnyOtherStringAnother) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    Maker maker(seed);
    const json tool = maker.Tool();
    const std::string hash = CanonicalHash(tool);
    ASSERT_EQ(Hash(maker.Shuffled(tool)), hash) << tool.dump();
    const json changed = maker.Changed(tool);
    ASSERT_NE(CanonicalHash(changed), hash) << tool.dump() << "\n" << changed.dump();
  }
}

}  // namespace
}  // namespace registry
