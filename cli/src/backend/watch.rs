//! What CloudWatch and SNS say of a stack: which of its alarms ring, when a function ran last, and who is told of alarms.

use reseller_hooks::time::Timestamp;
use serde_json::{Value, json};

use super::aws::Remote;
use super::stack::{element, elements, encoded};
use crate::exit::Failure;
use crate::words::list;

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

    /// When the function of the log group that an output names ran last, since a time: it cannot run without a line. A metric
    /// would say the same, but the right to read metrics is one for all of an account's.
    pub(crate) async fn last_run(&self, logs: &str, since: Timestamp) -> Result<Option<Timestamp>, Failure> {
        let group = self.output(logs)?;
        let mut next = Value::Null;
        loop {
            let mut asked = json!({ "logGroupName": group, "startTime": since.as_millis() });
            if let (Some(members), true) = (asked.as_object_mut(), next.is_string()) {
                members.insert("nextToken".to_owned(), next);
            }
            let answer = self.logs("FilterLogEvents", &asked).await?;
            let times = list(&answer, "events")
                .iter()
                .filter_map(|event| event.get("timestamp")?.as_i64());
            let last = times.max();
            next = answer.get("nextToken").cloned().unwrap_or_default();
            // A page may be empty without being the last.
            if last.is_some() || next.is_null() {
                return Ok(last.map(Timestamp::from_millis));
            }
        }
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
