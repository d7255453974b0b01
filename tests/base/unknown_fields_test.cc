// Wherever in a resource of the contract somebody writes a field that there is not, the error names it
// by its pointer: every message that a file can reach, today's and tomorrow's.
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "base/manifest.h"
#include "portolan/v1/resource.pb.h"

namespace base {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using nlohmann::json;

// Goes into every message below `type`; `wrap` puts what stands there into a whole resource.
class Visitor {
 public:
  using Wrap = std::function<json(json)>;

  void Visit(const Descriptor& type, const std::string& pointer, const Wrap& wrap) {
    if (!seen_.insert(&type).second) return;
    portolan::v1::Resource resource;
    const auto read = ReadJson(wrap({{"no_such_field", 1}}), resource);
    ASSERT_FALSE(read) << type.full_name();
    EXPECT_EQ(read.error().message.substr(0, read.error().message.find(':')),
              pointer + "/no_such_field")
        << type.full_name() << ": " << read.error().message;
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      if (!field.message_type()) continue;
      const std::string below = pointer + "/" + field.name() + (field.is_repeated() ? "/0" : "");
      Visit(*field.message_type(), below, [&](json value) {
        if (field.is_repeated()) value = json::array({std::move(value)});
        return wrap({{field.name(), std::move(value)}});
      });
    }
  }

  const std::set<const Descriptor*>& seen() const { return seen_; }

 private:
  std::set<const Descriptor*> seen_;
};

TEST(UnknownFieldsTest, AreNamedByTheirPointerInEveryMessageThatAFileCanReach) {
  const Descriptor& resource = *portolan::v1::Resource::descriptor();
  Visitor visitor;
  const auto& specs = *resource.FindOneofByName("spec");
  for (int i = 0; i < specs.field_count(); ++i) {
    const Descriptor& type = *specs.field(i)->message_type();
    visitor.Visit(type, "/spec", [&](json value) {
      return json{{"kind", type.name()}, {"name", "a"}, {"spec", std::move(value)}};
    });
  }
  std::set<std::string> names;
  for (const Descriptor* type : visitor.seen()) names.insert(type->name());
  for (const char* name : {"Inspect",
                           "Detector",
                           "Record",
                           "Dimension",
                           "Upstream",
                           "HeaderValue",
                           "Retry",
                           "Breaker",
                           "Timeouts",
                           "Trace",
                           "ClientCertificateProof",
                           "Product",
                           "Subscription",
                           "Credential",
                           "OAuthClient",
                           "Secret",
                           "Pool",
                           "PoolMember",
                           "PoolHealth",
                           "Cors"})
    EXPECT_TRUE(names.contains(name)) << name;
}

}  // namespace
}  // namespace base
