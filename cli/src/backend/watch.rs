//! What CloudWatch and SNS say of a stack: which of its alarms ring, when a function ran last, and who is told of alarms.
//! Their answers are XML of a few shapes.

use reseller_hooks::time::Timestamp;

use super::aws::Remote;
use super::stack::{element, elements, encoded};
use crate::exit::Failure;

/// An alarm that rings.
pub(crate) struct Ringing {
    /// The name that the template gives it.
    pub(crate) name: String,
    /// What it means, and the address of the paragraph that says what to do.
    pub(crate) means: String,
    /// Since when.
    pub(crate) since: String,
}

impl Remote {
    /// The alarms of this stack that ring.
    pub(crate) async fn ringing(&self) -> Result<Vec<Ringing>, Failure> {
        let prefix = format!("{}-", self.stack());
        let body = format!(
            "Action=DescribeAlarms&Version=2010-08-01&StateValue=ALARM&MaxRecords=100&AlarmNamePrefix={}",
            encoded(&prefix)
        );
        let text = self.form("monitoring", body).await?;
        // A member has members of its own, its dimensions: what is wanted stands once in each alarm.
        let alarms = text.split("<AlarmArn>").skip(1);
        let ringing = alarms.filter_map(|alarm| {
            let arn = alarm.split('<').next().unwrap_or_default();
            let name = arn.rsplit(":alarm:").next()?.strip_prefix(&prefix)?;
            // Of another stack whose name begins with this one's there is more than the two parts.
            let (name, end) = name.split_once('-')?;
            let is_ours = !end.contains('-');
            is_ours.then(|| Ringing {
                name: name.to_owned(),
                means: element(alarm, "AlarmDescription").unwrap_or_default(),
                since: element(alarm, "StateUpdatedTimestamp").unwrap_or_default(),
            })
        });
        Ok(ringing.collect())
    }

    /// When the function that an output names ran last, between two times, to the minute.
    pub(crate) async fn last_run(
        &self,
        output: &str,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Timestamp>, Failure> {
        let body = format!(
            "Action=GetMetricStatistics&Version=2010-08-01&Namespace=AWS%2FLambda&MetricName=Invocations&Period=60\
             &Statistics.member.1=Sum&Dimensions.member.1.Name=FunctionName&Dimensions.member.1.Value={}\
             &StartTime={}&EndTime={}",
            encoded(self.output(output)?),
            encoded(&from.to_string()),
            encoded(&until.to_string()),
        );
        let text = self.form("monitoring", body).await?;
        let ran = elements(&text, "member").filter(|point| {
            let sum = element(point, "Sum").and_then(|sum| sum.parse::<f64>().ok());
            sum.is_some_and(|sum| sum > 0.0)
        });
        Ok(ran.filter_map(|point| element(point, "Timestamp")?.parse().ok()).max())
    }

    /// How many subscriptions of the topic that an output names are confirmed, and how many are not.
    pub(crate) async fn subscribers(&self, output: &str) -> Result<(usize, usize), Failure> {
        let body = format!(
            "Action=ListSubscriptionsByTopic&Version=2010-03-31&TopicArn={}",
            encoded(self.output(output)?)
        );
        let text = self.form("sns", body).await?;
        let arns: Vec<String> = elements(&text, "member")
            .filter_map(|member| element(member, "SubscriptionArn"))
            .collect();
        let confirmed = arns.iter().filter(|arn| arn.starts_with("arn:")).count();
        Ok((confirmed, arns.len() - confirmed))
    }
}
