# Generated from src/providers/aws/permissions.ts by tools/generate-infra.ts. Do not edit.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

# A permission set of Curfew. Attach managed or customer managed policies to it. Its inline policy is shared with Curfew: a resource
# aws_ssoadmin_permission_set_inline_policy needs ignore_changes = [inline_policy], or Terraform takes the denials out at every apply and
# sessions that were cut work again.
variable "name" {
  type        = string
  description = "Name of the permission set; roles name it as permissionSet."
}

variable "description" {
  type        = string
  description = "What somebody can do with it."
}

variable "instance_arn" {
  type        = string
  description = "ARN of the instance of IAM Identity Center."
}

resource "aws_ssoadmin_permission_set" "this" {
  name             = var.name
  description      = var.description
  instance_arn     = var.instance_arn
  session_duration = "PT1H"
  tags             = { "curfew-owned" = "true" }
}

output "arn" {
  value = aws_ssoadmin_permission_set.this.arn
}
