#include "base/metrics.h"

namespace base {

void AppendMetric(std::string& out, MetricType type, std::string_view name, std::string_view help,
                  std::string_view value) {
  out.append("# HELP ").append(name).append(" ").append(help);
  out.append("\n# TYPE ").append(name);
  out.append(type == MetricType::kCounter ? " counter\n" : " gauge\n");
  out.append(name).append(" ").append(value).append("\n");
}

void AppendGauge(std::string& out, std::string_view name, std::string_view help,
                 std::int64_t value) {
  AppendMetric(out, MetricType::kGauge, name, help, std::to_string(value));
}

}  // namespace base
