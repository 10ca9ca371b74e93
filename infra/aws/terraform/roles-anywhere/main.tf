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

variable "certificate" {
  type        = string
  description = "PEM of the certificate of the broker's certificate authority; no secret."
}

data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

resource "aws_rolesanywhere_trust_anchor" "curfew" {
  name    = "curfew"
  enabled = true
  source {
    source_type = "CERTIFICATE_BUNDLE"
    source_data {
      x509_certificate_data = var.certificate
    }
  }
}

resource "aws_iam_role_policy" "roles_anywhere" {
  name = "curfew-roles-anywhere"
  role = "curfew-provisioner"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "LookAtRolesAnywhere"
        Effect = "Allow"
        Action = [
          "rolesanywhere:ListCrls",
          "rolesanywhere:ListProfiles",
          "rolesanywhere:ListTrustAnchors",
          "rolesanywhere:ImportCrl",
        ]
        Resource = "*"
      },
      {
        Sid    = "FindArmedEnds"
        Effect = "Allow"
        Action = [
          "iam:ListRolePolicies",
        ]
        Resource = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/curfew/*"
      },
      {
        Sid    = "RevokeCertificates"
        Effect = "Allow"
        Action = [
          "rolesanywhere:EnableCrl",
          "rolesanywhere:UpdateCrl",
        ]
        Resource = "arn:${data.aws_partition.current.partition}:rolesanywhere:*:${data.aws_caller_identity.current.account_id}:crl/*"
      },
    ]
  })
}

output "trust_anchor_arn" {
  value = aws_rolesanywhere_trust_anchor.curfew.arn
}
